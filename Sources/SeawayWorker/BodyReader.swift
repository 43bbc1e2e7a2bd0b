import SeawayMessage
import Synchronization

/// Reads a body that comes in pieces, for one task.
///
/// Listens from the first piece that is wanted until the last has come, or until nobody holds it any more.
final class BodyReader: Sendable {
    private struct State {
        var pieces = BodyPieces()
        /// What came and was not taken: never more than was asked for.
        var queue: [Payload] = []
        var waiter: CheckedContinuation<Void, Never>?
        var listening: (any Listening)?
        var hasBegun = false
        /// Why nothing more comes.
        var end: WorkerError?
    }

    private enum Next: Sendable {
        case piece([UInt8])
        case whole
        case nothingYet
    }

    /// Pieces that may be on their way.
    private static let credit = 256
    /// How long no piece may come before the server is taken for gone; its own times are shorter.
    private static let patience = Duration.seconds(180)
    /// How long asking for more may find no room.
    private static let askingPatience = Duration.seconds(60)

    let channel: String
    private let replyChannel: String
    private let layer: any ChannelLayer
    private let exchange: Exchange?
    private let state = Mutex(State())

    init(_ channel: String, replyChannel: String, layer: any ChannelLayer, exchange: Exchange?) {
        self.channel = channel
        self.replyChannel = replyChannel
        self.layer = layer
        self.exchange = exchange
    }

    deinit { self.stop() }

    /// - Returns: whether nobody has begun before.
    func begin() -> Bool {
        let isFirst = self.state.withLock { state in
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
        guard isFirst else { return false }
        let listening = self.layer.listen(to: [self.channel]) { [weak self] delivery in
            self?.came(delivery.body)
        } event: { [weak self] event in
            self?.happened(event)
        }
        self.state.withLock { $0.listening = listening }
        listening.ready(Self.credit)
        return true
    }

    /// - Returns: the next piece that is not empty; `nil` behind the last.
    func next() async throws -> [UInt8]? {
        while true {
            if let offset = self.state.withLock({ $0.pieces.wish() }) { try await self.ask(upTo: offset) }
            switch try self.take() {
            case .piece(let content) where content.isEmpty: continue
            case .piece(let content): return content
            case .whole: return nil
            case .nothingYet: try await self.waitForPiece()
            }
        }
    }

    private func take() throws -> Next {
        let (next, listening): (Result<Next, WorkerError>, (any Listening)?) = self.state.withLock { state in
            if state.pieces.isWhole { return (.success(.whole), nil) }
            if state.queue.isEmpty { return (state.end.map { .failure($0) } ?? .success(.nothingYet), nil) }
            let piece = state.queue.removeFirst()
            do throws(BodyPieces.Fault) {
                return (.success(.piece(try state.pieces.take(piece))), state.listening)
            } catch {
                let broken = WorkerError(.bodyBroken, name: self.channel)
                state.end = broken
                state.queue = []
                if error == .left { self.exchange?.leave() }
                return (.failure(broken), nil)
            }
        }
        if case .failure = next { self.stop() }
        if self.state.withLock({ $0.pieces.isWhole }) { self.stop() } else { listening?.ready(1) }
        return try next.get()
    }

    // MARK: Asking

    private func ask(upTo offset: Int) async throws {
        let message: Message = ["body_wanted": .int(Int64(offset))]
        var retry = Resending(patience: Self.askingPatience)
        while true {
            do throws(ClientError) {
                // Only if somebody reads: a server that died would never say `gone`.
                return try await self.layer.send(message.payload, to: self.replyChannel, ifHeard: true)
            } catch {
                if error.code == .gone {
                    self.exchange?.leave()
                    throw WorkerError(.bodyBroken, name: self.channel)
                }
                guard error.isPassing || error.code == .unknown, let wait = retry.next() else { throw error }
                try await ContinuousClock().sleep(for: wait)
            }
        }
    }

    // MARK: Waiting

    private func waitForPiece() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.something() }
            group.addTask {
                try await ContinuousClock().sleep(for: Self.patience)
                throw WorkerError(.bodyBroken, name: self.channel)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func something() async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = self.state.withLock { state in
                    if !state.queue.isEmpty || state.end != nil || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            self.wake()
        }
        try Task.checkCancellation()
    }

    private func wake() { self.state.withLock { $0.waiter.take() }?.resume() }

    private func came(_ piece: Payload) {
        self.state.withLock { state in
            // What comes when the end is known is for nobody.
            if state.end == nil { state.queue.append(piece) }
        }
        self.wake()
    }

    private func happened(_ event: ListeningEvent) {
        switch event {
        // What was under way is lost, or not: the offsets tell.
        case .started, .interrupted, .weakened, .forsaken: return
        case .lost: self.state.withLock { $0.end = WorkerError(.bodyBroken, name: self.channel) }
        case .refused(let refusal):
            self.state.withLock { $0.end = WorkerError(.notListening, name: self.channel, refusal: refusal) }
        }
        self.wake()
    }

    /// Listens no more; what is on its way is for nobody else.
    private func stop() {
        let (listening, isWhole) = self.state.withLock { ($0.listening.take(), $0.pieces.isWhole) }
        guard let listening else { return }
        if !isWhole { self.layer.close([self.channel]) }
        listening.stop {}
    }
}
