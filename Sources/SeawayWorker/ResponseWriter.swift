import SeawayMessage

/// Writes the body of an answer piece by piece (I11).
///
/// At most one piece is under way, so that no later one overtakes a refused one. While the client is slow the pieces
/// meet `full` and are sent again. It is there as long as the closure that writes, which ends the answer; when a piece
/// could not be sent the answer is broken off, whatever the closure makes of the error.
public struct ResponseWriter: ~Copyable, Sendable {
    /// Bytes of content in one message.
    static let pieceSize = 65_536
    /// How long a piece is sent again before the answer is given up.
    private static let patience = Duration.seconds(60)

    private let replyChannel: String
    private let exchange: Exchange?
    private let layer: any ChannelLayer
    private let clock: any Clock<Duration>
    private let head: HTTPResponse
    /// What it answers; acknowledged by the last piece.
    private let held: HeldMessage?
    /// Since when it is made.
    private let time: WorkTime?
    /// Bytes of content in all pieces so far; `nil` before the first.
    private var offset: Int?
    /// Why a piece is missing.
    private var failure: (any Error)?

    init(
        _ head: HTTPResponse, to replyChannel: String, _ exchange: Exchange?, _ layer: any ChannelLayer,
        _ clock: any Clock<Duration>, _ held: HeldMessage?, _ time: WorkTime? = nil
    ) {
        self.replyChannel = replyChannel
        self.exchange = exchange
        self.layer = layer
        self.clock = clock
        self.head = head
        self.held = held
        self.time = time
    }

    /// Sends content and waits until the broker has it; what is over 65,536 bytes leaves in several pieces.
    ///
    /// - Throws: `ClientError`, with `gone` when nobody reads the answer any more: then return, there is nothing left
    ///   to do, and the task is cancelled. `WorkerError` with `alreadyAnswered` when the request has got another
    ///   answer. Once it has thrown it throws the same again.
    public mutating func write(_ content: [UInt8]) async throws {
        if let failure { throw failure }
        var rest = content[...]
        repeat {
            let piece = rest.prefix(Self.pieceSize)
            rest = rest.dropFirst(piece.count)
            try await self.send(piece)
        } while !rest.isEmpty
    }

    /// Sends text as UTF-8; see ``write(_:)-([UInt8])``.
    public mutating func write(_ text: String) async throws { try await self.write(Array(text.utf8)) }

    /// Sends the last piece.
    mutating func finish() async throws {
        if let failure { throw failure }
        if self.offset == nil { try await self.send([]) }
        guard let offset = self.offset else { return }
        try await self.send(.next(hasMore: false), Self.piece([], offset: offset, moreContent: false))
    }

    private mutating func send(_ content: ArraySlice<UInt8>) async throws {
        if let offset = self.offset {
            try await self.send(.next(hasMore: true), Self.piece(content, offset: offset, moreContent: true))
            self.offset = offset + content.count
        } else {
            // A second first piece would break the answer off.
            try await self.send(.first(hasMore: true), self.head.firstPiece(content, self.time?.mark), mayRepeat: false)
            self.offset = content.count
        }
    }

    private static func piece(_ content: ArraySlice<UInt8>, offset: Int, moreContent: Bool) -> Payload {
        var writer = MessagePackWriter(capacity: content.count + 48)
        writer.map(count: 3)
        writer.string("content" as StaticString)
        content.withUnsafeBytes { writer.bytes($0) }
        writer.string("more_content" as StaticString)
        writer.bool(moreContent)
        writer.string("offset" as StaticString)
        writer.int(offset)
        return writer.finish()
    }

    private mutating func send(_ part: AnswerPart, _ piece: Payload, mayRepeat: Bool = true) async throws {
        do {
            let before = try self.exchange?.say(part)
            do {
                let terms = part == .next(hasMore: false) ? self.held : nil
                try await self.put(
                    piece, mayRepeat: mayRepeat, terms.flatMap(MessageTerms.init(acknowledgingOpen:)))
            } catch {
                if let before { self.exchange?.takeBack(before, error) }
                throw error
            }
        } catch {
            self.failure = error
            throw error
        }
    }

    /// - Parameter mayRepeat: whether it may be sent again when nobody knows if it was stored: the offset tells the
    ///   server (I12).
    private func put(_ piece: Payload, mayRepeat: Bool, _ terms: MessageTerms?) async throws {
        var retry = Resending(patience: Self.patience)
        while true {
            do throws(ClientError) {
                // Only if somebody reads: a server that died would never say `gone`.
                return try await self.layer.send(piece, to: self.replyChannel, ifHeard: true, terms: terms)
            } catch {
                guard error.isPassing || (error.code == .unknown && mayRepeat) else { throw error }
                guard let wait = retry.next() else { throw error }
                try await self.clock.sleep(for: wait)
            }
        }
    }
}
