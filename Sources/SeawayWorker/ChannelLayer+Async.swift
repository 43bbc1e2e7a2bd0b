public import SeawayMessage

/// The layer for code that waits.
extension ChannelLayer {
    /// Puts one message on a channel and waits until the broker has it.
    ///
    /// - Throws: ``WorkerError`` with `refused` (nothing stored) or `unknown` (the connection broke before the answer).
    public func send(_ body: Payload, to channel: String, ifHeard: Bool = false) async throws(WorkerError) {
        let answer = await withCheckedContinuation { continuation in
            self.send(body, to: channel, ifHeard: ifHeard) { continuation.resume(returning: $0) }
        }
        try answer.get(channel)
    }

    /// Puts one message on a channel: `try await layer.send(["text": "hi"], to: "chat.log")`.
    public func send(_ message: Message, to channel: String, ifHeard: Bool = false) async throws(WorkerError) {
        try await self.send(message.payload, to: channel, ifHeard: ifHeard)
    }

    /// Sends one message to every member of a group that has room.
    ///
    /// - Returns: members that got it or will, that had no room, and that were found ended.
    @discardableResult
    public func send(
        _ message: Message, toGroup group: String, except: String? = nil
    ) async throws(WorkerError) -> (sent: Int, full: Int, gone: Int) {
        let answer = await withCheckedContinuation { continuation in
            self.send(message.payload, toGroup: group, except: except) { continuation.resume(returning: $0) }
        }
        switch answer {
        case .sent(let sent, let full, let gone): return (sent, full, gone)
        case .refused(let refusal): throw WorkerError(.refused, name: group, refusal: refusal)
        case .unknown: throw WorkerError(.unknown, name: group)
        }
    }

    /// Makes channels members of a group; in force when it returns.
    public func join(_ group: String, _ channels: [String]) async throws(WorkerError) {
        let answer = await withCheckedContinuation { continuation in
            self.join(group, channels) { continuation.resume(returning: $0) }
        }
        try answer.get(group)
    }

    /// Ends memberships.
    public func leave(_ group: String, _ channels: [String]) async throws(WorkerError) {
        let answer = await withCheckedContinuation { continuation in
            self.leave(group, channels) { continuation.resume(returning: $0) }
        }
        try answer.get(group)
    }
}

extension SendAnswer {
    func get(_ name: String) throws(WorkerError) {
        switch self {
        case .done: break
        case .refused(let refusal): throw WorkerError(.refused, name: name, refusal: refusal)
        case .unknown: throw WorkerError(.unknown, name: name)
        }
    }
}
