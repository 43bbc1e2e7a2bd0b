extension ChannelLayer {
    /// A channel to send to: `try await layer.channel("chat.log").send(["text": "hi"])`.
    public func channel(_ name: String) -> LayerChannel { LayerChannel(name: name, layer: self) }

    /// A group to send to, join and leave: `try await layer.group("liveblog").send(["text": "hi"])`.
    public func group(_ name: String) -> LayerGroup { LayerGroup(name: name, layer: self) }
}

/// A channel of a layer, by name.
public struct LayerChannel: Sendable {
    public let name: String
    private let layer: any ChannelLayer

    fileprivate init(name: String, layer: any ChannelLayer) {
        self.name = name
        self.layer = layer
    }

    /// Puts one message on the channel and waits until the broker has it.
    ///
    /// - Parameters:
    ///   - message: at most the layer's `max-body` (2 MiB) in MessagePack.
    ///   - ifHeard: only if somebody listens there; else `away`.
    ///   - bounds: in place of the channel's own rules, for this message.
    public func send(
        _ message: Message, ifHeard: Bool = false, bounds: MessageBounds? = nil
    ) async throws(ClientError) {
        try await self.layer.send(message, to: self.name, ifHeard: ifHeard, bounds: bounds)
    }
}

/// A group of a layer, by name.
public struct LayerGroup: Sendable {
    public let name: String
    private let layer: any ChannelLayer

    fileprivate init(name: String, layer: any ChannelLayer) {
        self.name = name
        self.layer = layer
    }

    /// Sends one message to every member that has room.
    ///
    /// - Parameters:
    ///   - message: at most the layer's `max-body` (2 MiB) in MessagePack.
    ///   - except: a member that is left out.
    ///   - bounds: in place of each member's own rules, for this message.
    @discardableResult
    public func send(
        _ message: Message, except: String? = nil, bounds: MessageBounds? = nil
    ) async throws(ClientError) -> GroupCounts {
        try await self.layer.send(message, toGroup: self.name, except: except, bounds: bounds)
    }

    /// Makes channels members; in force when it returns.
    public func add(_ channels: String...) async throws(ClientError) { try await self.layer.join(self.name, channels) }

    /// Ends memberships.
    public func remove(_ channels: String...) async throws(ClientError) {
        try await self.layer.leave(self.name, channels)
    }

    /// Has a channel told who joins and leaves: first who is in it, then each change; ``GroupNews`` reads the messages.
    public func watch(on channel: String) async throws(ClientError) {
        try await self.layer.watch(self.name, on: channel)
    }

    /// Ends ``watch(on:)``; what waits on the channel still comes.
    public func unwatch(on channel: String) async throws(ClientError) {
        try await self.layer.unwatch(self.name, on: channel)
    }
}
