import SeawayMessage
import Synchronization

/// One message at work, and what has been said to the one who waits for its answer.
final class Exchange: Sendable {
    let replyChannel: String
    /// Of this piece of work alone (I27).
    let number: Int
    private let seats: Seats
    private let progress: Mutex<AnswerProgress>
    /// Whether its socket was told that it is dealt with.
    private let isDone = Atomic(false)

    init(_ kind: AnswerProgress.Kind, replyChannel: String, number: Int, seats: Seats) {
        self.replyChannel = replyChannel
        self.number = number
        self.seats = seats
        self.progress = Mutex(AnswerProgress(kind))
    }

    var current: AnswerProgress { self.progress.withLock { $0 } }
    var isLeft: Bool { self.progress.withLock { $0.isLeft } }

    func handOn() { self.progress.withLock { $0.handOn() } }

    /// Somebody is about to say `done`.
    ///
    /// - Returns: whether nobody has before.
    func takeDone() -> Bool { !self.isDone.exchange(true, ordering: .relaxed) }

    /// Nobody waits any more: who works on it is cancelled.
    func leave() {
        let isFirst = self.progress.withLock { progress in
            defer { progress.leave() }
            return !progress.isLeft
        }
        if isFirst { self.seats.cancel(self.number) }
    }

    /// Something is about to be sent.
    ///
    /// - Returns: what to give to ``takeBack(_:_:)`` when that was not stored.
    /// - Throws: `alreadyAnswered`.
    @discardableResult
    func say(_ part: AnswerPart) throws(WorkerError) -> AnswerProgress.Stage {
        let before = self.progress.withLock { progress -> AnswerProgress.Stage? in
            let before = progress.stage
            return progress.say(part) ? before : nil
        }
        guard let before else { throw WorkerError(.alreadyAnswered, name: self.replyChannel) }
        return before
    }

    /// What was said to be on its way has not arrived, or perhaps not.
    func takeBack(_ stage: AnswerProgress.Stage, _ error: any Error) {
        let kind = self.progress.withLock { progress in
            progress.takeBack(to: stage)
            return progress.kind
        }
        if kind == .request, (error as? ClientError)?.code == .gone { self.leave() }
    }

    /// Sends a message of a consumer to the one who waits.
    ///
    /// - Parameter held: what it answers; acknowledged by the last message of its answer.
    func reply(_ answer: Payload, _ layer: any ChannelLayer, _ held: HeldMessage?) async throws {
        let current = self.current
        let isDecision = current.kind == .connect && current.stage == .nothing
        let answer = isDecision ? Self.inOrder(answer) : answer
        let before = try self.say(AnswerPart(answer))
        let isLast = held != nil && self.current.isWhole
        do throws(ClientError) {
            try await layer.send(
                answer, to: self.replyChannel,
                terms: isLast ? held.flatMap(MessageTerms.init(acknowledgingOpen:)) : nil)
        } catch {
            self.takeBack(before, error)
            throw error
        }
    }

    /// Has a socket that is accepted send its events one at a time, unless the answer itself says whether (W16).
    private static func inOrder(_ answer: Payload) -> Payload {
        guard var message = try? Message(answer), (message["serial"] ?? .null) == .null else { return answer }
        let hasData = message["text"] != nil || message["bytes"] != nil
        // What has data and says nothing else accepts too (W7).
        guard (message["accept"] ?? .null) == .null ? hasData : message["accept"] == true else { return answer }
        message["serial"] = true
        return message.payload
    }
}
