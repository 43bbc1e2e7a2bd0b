import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Secrets stand in files, not on the command line, where everybody on the machine could read them.
enum Secret {
    /// The first line of a file.
    ///
    /// - Throws: `ValidationError` when there is none.
    static func firstLine(of path: String, option: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else {
            throw ValidationError("--\(option): \(path) cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty else { throw ValidationError("--\(option): \(path) has an empty first line.") }
        return Array(line)
    }

    /// The first line of a file, as a token: visible ASCII.
    ///
    /// - Throws: `ValidationError` when there is none.
    static func token(of path: String, option: String, longest: Int) throws -> String {
        let line = try self.firstLine(of: path, option: option)
        guard line.count <= longest, line.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ValidationError("--\(option): \(path) has no token: 1 to \(longest) bytes of printable ASCII.")
        }
        return String(decoding: line, as: UTF8.self)
    }
}
