/// Decides what each message of one answer means: the first, the next, one that came before, or a fault.
package struct AnswerStream: Hashable, Sendable {
    /// What this machine looks at of a message.
    package struct Piece: Hashable, Sendable {
        /// Only of a first message.
        package var status: Int?
        /// Bytes of content.
        package var size: Int
        package var moreContent: Bool
        package var offset: Int?

        package init(status: Int? = nil, size: Int, moreContent: Bool = false, offset: Int? = nil) {
            self.status = status
            self.size = size
            self.moreContent = moreContent
            self.offset = offset
        }
    }

    package enum Step: Hashable, Sendable {
        /// Send status, fields and content.
        case begin(status: Int, isLast: Bool)
        /// Send content.
        case `continue`(isLast: Bool)
        /// Drop what came before already (I12).
        case duplicate
        /// Break the answer off (I15).
        case breakOff(AnswerFault)
    }

    /// Bytes of content so far; `nil` before the first message.
    private var received: Int?
    /// Bytes of all content, where the client was told (I13).
    private var length: Int?

    package init() {}

    package var hasBegun: Bool { self.received != nil }

    /// The client is told how long all content is: no more and no less may come.
    package mutating func expect(_ length: Int) { self.length = length }

    package mutating func receive(_ piece: Piece) -> Step {
        guard let received = self.received else { return self.begin(piece) }
        guard piece.status == nil else { return .breakOff(.secondStatus) }
        let offset = piece.offset ?? received
        guard offset <= received else { return .breakOff(.hole(expected: received, offset: offset)) }
        if offset < received {
            let (end, overflow) = offset.addingReportingOverflow(piece.size)
            let cameBefore = offset >= 0 && !overflow && end <= received && piece.moreContent
            return cameBefore ? .duplicate : .breakOff(.overlap(expected: received, offset: offset))
        }
        let total = received + piece.size
        if let length = self.length, total > length || (total < length && !piece.moreContent) {
            return .breakOff(.otherLength(expected: length, received: total))
        }
        self.received = total
        return .continue(isLast: !piece.moreContent)
    }

    private mutating func begin(_ piece: Piece) -> Step {
        guard let status = piece.status else { return .breakOff(.noStatus) }
        guard (200...599).contains(status) else { return .breakOff(.statusOutOfRange(status)) }
        guard piece.offset ?? 0 == 0 else { return .breakOff(.hole(expected: 0, offset: piece.offset ?? 0)) }
        self.received = piece.size
        return .begin(status: status, isLast: !piece.moreContent)
    }
}
