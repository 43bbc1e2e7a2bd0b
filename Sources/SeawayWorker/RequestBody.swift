import SeawayMessage

/// The body of a request: `for try await piece in request.body { … }`, or whole by ``collect(upTo:)``.
///
/// One that came whole is one piece. A larger one is asked for as it is taken: it holds at most 512 KiB, and the client
/// is read no faster. It can be gone through once; what is not taken of it is nobody's.
public struct RequestBody: AsyncSequence, Sendable {
    public typealias Element = [UInt8]

    /// The largest body that is taken whole unless a limit is given: 16 MiB.
    public static let mostCollected = 16_777_216

    fileprivate enum Source: Sendable {
        /// In the message itself, which is not looked into before somebody asks.
        case whole(Payload)
        case pieces(BodyReader)
        case malformed(WorkerError)
    }

    private let source: Source

    init(_ message: IncomingMessage) {
        let channel = message.envelope.hasBodyChannel ? message["body_channel"] ?? .null : .null
        if channel.isNull {
            self.source = .whole(message.payload)
        } else if let channel = channel.string, let replyChannel = message.replyChannel {
            self.source = .pieces(
                BodyReader(channel, replyChannel: replyChannel, layer: message.layer, exchange: message.exchange))
        } else {
            self.source = .malformed(WorkerError(.malformedRequest, name: message.channel))
        }
    }

    /// Gathers all of it.
    ///
    /// - Parameter limit: bytes.
    /// - Throws: `WorkerError` with `bodyTooLarge`, which the worker answers with 413, and as an iterator does.
    public func collect(upTo limit: Int = Self.mostCollected) async throws -> [UInt8] {
        var content: [UInt8] = []
        for try await piece in self {
            guard piece.count <= limit - content.count else { throw WorkerError(.bodyTooLarge, name: "\(limit)") }
            if content.isEmpty { content = piece } else { content += piece }
        }
        return content
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self.source) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private var source: Source?
        private var hasBegun = false

        fileprivate init(_ source: Source) { self.source = source }

        /// - Throws: `WorkerError` with `bodyBroken` when the rest does not come, `bodyTaken` when somebody else has
        ///   begun; `ClientError` as any send does.
        public mutating func next() async throws -> [UInt8]? {
            switch self.source {
            case nil: return nil
            case .whole(let message):
                self.source = nil
                let content = message["body"]?.bytes ?? []
                return content.isEmpty ? nil : content
            case .malformed(let error): throw error
            case .pieces(let reader):
                if !self.hasBegun, !reader.begin() { throw WorkerError(.bodyTaken, name: reader.channel) }
                self.hasBegun = true
                return try await reader.next()
            }
        }
    }
}
