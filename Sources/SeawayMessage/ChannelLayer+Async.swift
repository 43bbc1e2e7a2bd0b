/// The layer for code that waits.
///
/// Each call waits for the layer's answer, which always comes; cancelling the task does not take back what was sent.
extension ChannelLayer {
    /// Puts one message on a channel and waits until the broker has it.
    ///
    /// - Parameters:
    ///   - body: one message, at most the layer's `max-body` (2 MiB) in MessagePack.
    ///   - channel: a normal, reply or pinned channel (1 to 255 bytes).
    ///   - ifHeard: only if somebody listens there; else `away`.
    ///   - stream: a reply channel to whose messages this one belongs, if any.
    ///   - bounds: in place of the channel's own rules, for this message.
    ///   - terms: when it comes, which of several counts, what is acknowledged with it.
    public func send(
        _ body: Payload, to channel: String, ifHeard: Bool = false, stream: String? = nil,
        bounds: MessageBounds? = nil, terms: MessageTerms? = nil
    ) async throws(ClientError) {
        let answer = await withCheckedContinuation { continuation in
            self.send(body, to: channel, ifHeard: ifHeard, stream: stream, bounds: bounds, terms: terms) {
                continuation.resume(returning: $0)
            }
        }
        try answer.get(for: channel)
    }

    /// Puts one message on a channel: `try await layer.send(["text": "hi"], to: "chat.log")`.
    public func send(
        _ message: Message, to channel: String, ifHeard: Bool = false, stream: String? = nil,
        bounds: MessageBounds? = nil, terms: MessageTerms? = nil
    ) async throws(ClientError) {
        try await self.send(
            message.payload, to: channel, ifHeard: ifHeard, stream: stream, bounds: bounds, terms: terms)
    }

    /// Sends one message to every member of a group that has room.
    ///
    /// - Parameters:
    ///   - message: at most the layer's `max-body` (2 MiB) in MessagePack.
    ///   - group: 1 to 255 bytes; one without members is sent to nobody.
    ///   - except: a member that is left out.
    ///   - bounds: in place of each member's own rules, for this message.
    /// - Throws: ``ClientError``; that a member has no room is no error but counted.
    @discardableResult
    public func send(
        _ message: Message, toGroup group: String, except: String? = nil, bounds: MessageBounds? = nil
    ) async throws(ClientError) -> GroupCounts {
        let answer = await withCheckedContinuation { continuation in
            self.send(message.payload, toGroup: group, except: except, bounds: bounds) {
                continuation.resume(returning: $0)
            }
        }
        switch answer {
        case .sent(let sent, let full, let gone): return GroupCounts(sent: sent, full: full, gone: gone)
        case .refused(let refusal): throw ClientError(refusal, name: group)
        case .unknown: throw ClientError(unknownFor: group)
        }
    }

    /// Makes channels members of a group; in force when it returns.
    public func join(_ group: String, _ channels: [String]) async throws(ClientError) {
        let answer = await withCheckedContinuation { continuation in
            self.join(group, channels) { continuation.resume(returning: $0) }
        }
        try answer.get(for: group)
    }

    /// Ends memberships; leaving a group one is not in succeeds.
    public func leave(_ group: String, _ channels: [String]) async throws(ClientError) {
        let answer = await withCheckedContinuation { continuation in
            self.leave(group, channels) { continuation.resume(returning: $0) }
        }
        try answer.get(for: group)
    }

    /// Has a channel told who joins and leaves a group: first who is in it, then each change; ``GroupNews`` reads the
    /// messages.
    public func watch(_ group: String, on channel: String) async throws(ClientError) {
        let answer = await withCheckedContinuation { continuation in
            self.watch(group, on: channel) { continuation.resume(returning: $0) }
        }
        try answer.get(for: group)
    }

    /// Ends ``watch(_:on:)``; what waits on the channel still comes.
    public func unwatch(_ group: String, on channel: String) async throws(ClientError) {
        let answer = await withCheckedContinuation { continuation in
            self.unwatch(group, on: channel) { continuation.resume(returning: $0) }
        }
        try answer.get(for: group)
    }
}

/// What became of a group send, by members.
public struct GroupCounts: Hashable, Sendable {
    /// Members that got it or will.
    public var sent: Int
    /// Members that had no room.
    public var full: Int
    /// Members that were found ended.
    public var gone: Int

    public init(sent: Int, full: Int, gone: Int) {
        self.sent = sent
        self.full = full
        self.gone = gone
    }
}

extension SendAnswer {
    /// - Throws: what was not done.
    package func get(for name: String) throws(ClientError) {
        switch self {
        case .done: break
        case .refused(let refusal): throw ClientError(refusal, name: name)
        case .unknown: throw ClientError(unknownFor: name)
        }
    }
}
