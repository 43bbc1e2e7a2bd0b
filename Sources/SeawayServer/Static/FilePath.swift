/// What of a request's path leads to a file, below the folder of its route (protocol/INTERFACE.md, O2).
package enum FilePath: Hashable, Sendable {
    /// Bytes of a relative path, names and `/`, that can be no way out.
    case file([UInt8])
    /// The same with a `/` behind each name; empty for the route's folder itself.
    case folder([UInt8])
    /// The route's folder, asked for without the `/` at its end.
    case root

    /// Bytes of the longest path and of the longest name: what systems take.
    private static let longest = (path: 4_000, name: 255)

    /// - Parameters:
    ///   - rawPath: as it came, not decoded.
    ///   - prefix: of the route, without a `/` at its end.
    /// - Returns: `nil` when no file can be meant: a name that is empty, begins with a dot (but `.well-known`), is too
    ///   long, or holds a `/` or NUL once it is decoded.
    package init?(rawPath: Substring, prefix: String) {
        let slash = UInt8(ascii: "/")
        let segments = rawPath.utf8.split(separator: slash, omittingEmptySubsequences: false)
        guard segments.count > 1, segments[0].isEmpty, rawPath.utf8.count <= 3 * Self.longest.path else {
            return nil
        }
        var names: [[UInt8]] = []
        for segment in segments.dropFirst() { names.append(Substring(segment).percentDecoded) }
        // Each of them, those of the prefix too: what is decoded to a `/` would be counted wrongly.
        guard names.allSatisfy({ !$0.contains(slash) && !$0.contains(0) }) else { return nil }
        let depth = prefix.utf8.count { $0 == slash }
        guard names.count > depth else {
            self = .root
            return
        }
        names.removeFirst(depth)
        let endsInSlash = names.last?.isEmpty ?? false
        if endsInSlash { names.removeLast() }
        guard names.allSatisfy(Self.isShown) else { return nil }
        let path = Array(names.joined(separator: [slash]))
        guard path.count <= Self.longest.path else { return nil }
        if !endsInSlash {
            self = .file(path)
        } else {
            self = .folder(path.isEmpty ? [] : path + [slash])
        }
    }

    private static func isShown(_ name: [UInt8]) -> Bool {
        guard let first = name.first, name.count <= Self.longest.name else { return false }
        return first != UInt8(ascii: ".") || name.elementsEqual(".well-known".utf8)
    }
}
