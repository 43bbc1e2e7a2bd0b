package import NIOCore

/// Decides which piece of a request's body goes to its reader next, and when (protocol/INTERFACE.md, section 2.1).
///
/// Nothing is sent before the reader has asked, and nothing beyond what it has asked for; one piece is under way at a
/// time, so that none overtakes another that was refused.
package struct BodyStream: Sendable {
    /// One message on the body's channel.
    package struct Piece: Hashable, Sendable {
        package var content: HeldBody
        /// Bytes of the body before it.
        package var offset: Int
        package var moreContent: Bool
        /// The body is not whole, and no more of it comes.
        package var isClosed: Bool

        package init(
            content: HeldBody = HeldBody(joined: 0), offset: Int, moreContent: Bool = false, isClosed: Bool = false
        ) {
            self.content = content
            self.offset = offset
            self.moreContent = moreContent
            self.isClosed = isClosed
        }
    }

    /// What became of a piece.
    package enum Outcome: Hashable, Sendable {
        case taken
        /// There is no room for it, or nobody listens just now.
        case notNow
        /// The reader has closed the channel.
        case unwanted
    }

    private enum End: Hashable, Sendable {
        /// More comes from the client.
        case open
        /// All has come from the client.
        case whole
        /// It will never be whole.
        case broken
    }

    private var waiting: HeldBody
    private var end = End.open
    /// Bytes that the reader has, or will get.
    private var sent = 0
    /// The offset up to which the reader takes pieces; `nil` before it has asked.
    private var wanted: Int?
    private var underWay: Piece?
    /// The piece under way was refused, and waits to be tried again.
    private var isHeldBack = false
    private var refusals = 0
    /// Nothing is sent any more.
    package private(set) var isOver = false

    private let pieceSize: Int
    /// Until a refused piece is tried again: at first, and at most.
    private static let pauses = (shortest: Duration.milliseconds(2), longest: Duration.milliseconds(250))
    /// How often a refused end of a body that is not whole is tried again.
    private static let maxTriesOfEnd = 10

    /// - Parameter pieceSize: bytes of the largest piece.
    package init(pieceSize: Int) {
        self.pieceSize = pieceSize
        self.waiting = HeldBody(joined: min(pieceSize, 65_536))
    }

    /// Bytes that are kept here.
    package var held: Int { self.waiting.readableBytes + (self.underWay?.content.readableBytes ?? 0) }

    /// Whether more may be read from the client.
    package var hasRoom: Bool { self.isOver || self.waiting.readableBytes < self.pieceSize }

    package var isAsked: Bool { self.wanted != nil }

    /// Whether the reader has had all there is, and waits for the client.
    package var waitsForClient: Bool {
        guard let wanted = self.wanted, !self.isOver else { return false }
        return self.end == .open && self.underWay == nil && self.waiting.readableBytes == 0 && wanted > self.sent
    }

    /// A piece has come from the client.
    package mutating func came(_ piece: ByteBuffer) {
        guard !self.isOver else { return }
        self.waiting.append(piece)
    }

    /// The client has sent all of it.
    package mutating func becameWhole() { if self.end == .open { self.end = .whole } }

    /// The reader takes pieces up to an offset.
    package mutating func ask(upTo offset: Int) { self.wanted = max(offset, self.wanted ?? 0) }

    /// Nobody sends the rest, or nobody is to have it.
    package mutating func breakOff() {
        guard !self.isOver else { return }
        self.end = .broken
        self.waiting.removeAll()
        // Whoever has not asked has nothing to lose, and whoever has it all has lost nothing.
        if !self.isAsked { self.finish() }
    }

    /// - Returns: the piece that must be sent now, if any; its ``Outcome`` is told by ``settled(_:)``.
    package mutating func next() -> Piece? {
        guard !self.isOver, !self.isHeldBack, self.underWay == nil, let wanted = self.wanted else { return nil }
        let piece: Piece
        if self.end == .broken {
            piece = Piece(offset: self.sent, isClosed: true)
        } else {
            let content = self.waiting.take(atMost: min(self.pieceSize, max(0, wanted - self.sent)))
            let isLast = self.end == .whole && self.waiting.readableBytes == 0
            guard content.readableBytes > 0 || isLast else { return nil }
            piece = Piece(content: content, offset: self.sent, moreContent: !isLast)
        }
        self.underWay = piece
        return piece
    }

    /// - Returns: after which time ``tryAgain()`` is called, if the piece was refused for now.
    package mutating func settled(_ outcome: Outcome) -> Duration? {
        guard let piece = self.underWay, !self.isOver else { return nil }
        switch outcome {
        case .taken:
            self.refusals = 0
            self.underWay = nil
            self.sent += piece.content.readableBytes
            if !piece.moreContent { self.finish() }
            return nil
        case .unwanted:
            self.finish()
            return nil
        case .notNow:
            self.refusals += 1
            guard self.end != .broken || self.refusals < Self.maxTriesOfEnd else {
                self.finish()
                return nil
            }
            self.isHeldBack = true
            return min(Self.pauses.shortest * (1 << min(self.refusals - 1, 10)), Self.pauses.longest)
        }
    }

    /// - Returns: the piece that was refused, to be sent once more.
    package mutating func tryAgain() -> Piece? {
        guard self.isHeldBack, !self.isOver else { return nil }
        self.isHeldBack = false
        // What was refused was not stored: the end may take its place.
        if self.end == .broken {
            self.underWay = nil
            return self.next()
        }
        return self.underWay
    }

    private mutating func finish() {
        self.isOver = true
        self.waiting.removeAll()
        self.underWay = nil
    }
}
