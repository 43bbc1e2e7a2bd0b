import NIOCore

/// What a ``RequestDecoder`` has taken so far, for the handler behind it: the parser does not tell what it passes over.
package final class RequestMeter {
    /// Bytes from the connection's start on.
    package private(set) var bytes = 0
    /// The last of them, if they are the beginning of a line.
    private var beginning: ArraySlice<UInt8> = []

    /// As long as a method may be, and a little more.
    private static let maxBeginning = 64

    package init() {}

    /// All that was given, whose last line is complete.
    func tookLines(_ count: Int) {
        self.bytes += count
        if !self.beginning.isEmpty { self.beginning = [] }
    }

    func took(_ taken: ByteBufferView) {
        guard let last = taken.last else { return }
        self.bytes += taken.count
        guard last != UInt8(ascii: "\n") else { return self.beginning = [] }
        let end = taken.suffix(Self.maxBeginning)
        if let newline = end.lastIndex(of: UInt8(ascii: "\n")) {
            self.beginning = ArraySlice(end[newline...].dropFirst())
        } else if end.count + self.beginning.count <= Self.maxBeginning {
            self.beginning += end
        } else {
            self.beginning = []
        }
    }

    /// Whether the first line of a request is what was too long, and not its fields.
    ///
    /// - Parameters:
    ///   - unread: all that the parser was given last.
    ///   - limit: bytes of one field or target.
    func hasLongRequestLine(_ unread: ByteBufferView, limit: Int) -> Bool {
        var beginning = self.beginning
        for line in unread.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            defer { beginning = [] }
            guard beginning.count + line.count > limit else { continue }
            let words = (beginning + line.prefix(Self.maxBeginning)).split(
                separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
            if words.count == 2, let method = words.first, RequestLine.isToken(method) { return true }
        }
        return false
    }
}

@available(*, unavailable)
extension RequestMeter: Sendable {}
