import SeawayMessage

/// Puts the pieces of a body in order, and says when to ask for more (INTERFACE.md, section 2.1).
struct BodyPieces: Sendable {
    /// Why a piece is not taken.
    enum Fault: Error, Hashable, Sendable {
        /// The client has left, or the answer is over.
        case left
        /// It does not follow what came.
        case hole(at: Int)
    }

    /// Bytes that are asked for ahead of those that came: what a body takes of the broker and of this process.
    static let window = 524_288

    private var offset = 0
    private var asked = 0
    private(set) var isWhole = false

    init() {}

    /// - Returns: the offset up to which to ask, when it is time for that; asking twice does no harm.
    mutating func wish() -> Int? {
        guard !self.isWhole, self.asked - self.offset <= Self.window / 2 else { return nil }
        self.asked = self.offset + Self.window
        return self.asked
    }

    /// - Returns: what the piece holds.
    mutating func take(_ piece: Payload) throws(Fault) -> [UInt8] {
        if piece["closed"]?.bool == true { throw .left }
        let content = piece["content"] ?? .null
        guard piece["offset"]?.int == Int64(self.offset), let bytes = content.isNull ? [] : content.bytes else {
            throw .hole(at: self.offset)
        }
        self.offset += bytes.count
        self.isWhole = piece["more_content"]?.bool != true
        return bytes
    }
}
