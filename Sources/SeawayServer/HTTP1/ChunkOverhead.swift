/// Decides when a chunked body holds too little between too much: chunks of single bytes will do, megabytes of chunk
/// extensions will not.
package struct ChunkOverhead: Hashable, Sendable {
    /// Bytes that may always stand around those of a body, and for each of them.
    private static let free = 16_384
    private static let perByte = 8

    /// What the connection had brought when it began to be counted.
    private var start: Int?
    private var content = 0

    package init() {}

    package mutating func bodyCame(_ bytes: Int) { self.content += bytes }

    /// - Parameter taken: bytes that the connection has brought in all, when nothing of them is left to read.
    package mutating func isTooMuch(taken: Int) -> Bool {
        guard let start = self.start else {
            // What came in one read with the head is not told apart from it.
            self.start = taken
            self.content = 0
            return false
        }
        return taken - start - self.content > Self.free + Self.perByte * self.content
    }
}
