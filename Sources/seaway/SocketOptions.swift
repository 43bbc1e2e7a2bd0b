import ArgumentParser
import SeawayServer

/// Every bound of WebSockets as an option; the names are those of INTERFACE.md, section 8.
struct SocketOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Channel for WebSockets whose path begins so; longest prefix wins, default websocket.connect; repeat it.",
            valueName: "[host]/prefix=channel[,overflow=policy]"))
    var websocketRoute: [String] = []

    @Option(
        help: ArgumentHelp(
            "What happens when a browser reads too slowly: wait (its senders do), drop-oldest, or keep-newest.",
            valueName: "policy"))
    var websocketOverflow = OutboxPolicy.wait

    @Option(
        help: ArgumentHelp(
            "Site whose pages may open WebSockets: https://example.org, or *.example.org for it and all below; any unless given; repeat it.",
            valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "Channels that workers may name for a WebSocket's events, besides those in their own mailboxes; repeat it.",
            valueName: "pattern"))
    var websocketReceiveChannel: [PatternsOption] = []

    @Option(help: .count("WebSockets from one address; 0: any number."))
    var maxSocketsPerAddress = 0

    @Option(help: .time("How long a worker may take to accept a WebSocket."))
    var websocketConnectTimeout = TimeOption(milliseconds: 5_000)

    @Option(help: .size("Largest frame of a browser."))
    var websocketMaxFrame = SizeOption(bytes: 1 << 20)

    @Option(help: .size("Largest message of a browser, inflated."))
    var websocketMaxMessage = SizeOption(bytes: 1 << 20)

    @Option(help: .count("Frames a second of one browser (messages, their pieces, pings, pongs); 0: any number."))
    var websocketMaxRate = 0

    @Option(help: .count("Messages of a browser that wait for room at the broker."))
    var websocketMaxWaiting = 16

    @Option(help: .time("How long they may wait before the WebSocket is closed."))
    var overloadGrace = TimeOption(milliseconds: 10_000)

    @Option(help: .time("How long a serial WebSocket waits for its worker's done."))
    var websocketDoneTimeout = TimeOption(milliseconds: 30_000)

    @Option(help: .count("Ends of WebSockets that wait for room at the broker."))
    var maxWaitingDisconnects = 10_000

    @Option(help: .size("What may wait for one browser before its overflow policy acts."))
    var websocketMaxUnsent = SizeOption(bytes: 1 << 20)

    @Option(help: .count("The same, in messages."))
    var websocketMaxUnsentMessages = 1_024

    @Option(help: .time("How long a browser may take nothing, under the policy wait."))
    var websocketStallTimeout = TimeOption(milliseconds: 30_000)

    @Option(help: .time("Silence of a browser after which it is sent a ping."))
    var websocketPingInterval = TimeOption(milliseconds: 20_000)

    @Option(help: .time("Silence of a browser that takes nothing either after which it is given up."))
    var websocketPingTimeout = TimeOption(milliseconds: 30_000)

    @Option(
        help: .time("How long a browser may take for its Close frame, or take nothing of what is sent before ours."))
    var websocketCloseTimeout = TimeOption(milliseconds: 5_000)

    @Flag(help: "Do not compress messages (permessage-deflate).")
    var noWebsocketCompression = false

    func validate() throws {
        for (name, count, least) in [
            ("max-sockets-per-address", self.maxSocketsPerAddress, 0), ("websocket-max-rate", self.websocketMaxRate, 0),
            ("websocket-max-waiting", self.websocketMaxWaiting, 1),
            ("max-waiting-disconnects", self.maxWaitingDisconnects, 1),
            ("websocket-max-unsent-messages", self.websocketMaxUnsentMessages, 1),
        ] where !(least...1_000_000_000).contains(count) {
            throw ValidationError("--\(name) is \(count); allowed is \(least) to 1000000000.")
        }
        for (name, size) in [
            ("websocket-max-frame", self.websocketMaxFrame), ("websocket-max-message", self.websocketMaxMessage),
            ("websocket-max-unsent", self.websocketMaxUnsent),
        ] where !(1...64 << 20).contains(size.bytes) {
            throw ValidationError("--\(name) is \(size); allowed is 1 byte to 64M.")
        }
        for (name, time) in [
            ("websocket-connect-timeout", self.websocketConnectTimeout), ("overload-grace", self.overloadGrace),
            ("websocket-done-timeout", self.websocketDoneTimeout),
            ("websocket-stall-timeout", self.websocketStallTimeout),
            ("websocket-ping-interval", self.websocketPingInterval),
            ("websocket-ping-timeout", self.websocketPingTimeout),
            ("websocket-close-timeout", self.websocketCloseTimeout),
        ] where time.milliseconds <= 0 {
            throw ValidationError("--\(name) is longer than 0.")
        }
        _ = try self.configuration()
    }

    func configuration() throws -> SocketConfiguration {
        var configuration = SocketConfiguration()
        let fallback = SocketRoute(channel: "websocket.connect", overflow: self.websocketOverflow)
        do throws(RouteError) {
            configuration.routes = try Routes(self.websocketRoute, fallback: fallback)
        } catch {
            throw ValidationError("--websocket-route: \(error)")
        }
        do throws(OriginError) {
            configuration.origins = try OriginCheck(self.allowOrigin)
        } catch {
            throw ValidationError("--allow-origin: \(error)")
        }
        configuration.receiveChannels = ReceiveChannels(self.websocketReceiveChannel.flatMap(\.patterns))
        configuration.maxPerAddress = self.maxSocketsPerAddress
        configuration.connectTimeout = self.websocketConnectTimeout.duration
        configuration.maxWaitingDisconnects = self.maxWaitingDisconnects
        configuration.events.messages = self.websocketMaxWaiting
        configuration.events.bytes = self.websocketMaxMessage.bytes
        configuration.events.overloadGrace = self.overloadGrace.duration
        configuration.events.doneTimeout = self.websocketDoneTimeout.duration
        configuration.wire = self.wire
        return configuration
    }

    private var wire: WebSocketConfiguration {
        var wire = WebSocketConfiguration()
        wire.maxFrame = self.websocketMaxFrame.bytes
        wire.maxMessage = self.websocketMaxMessage.bytes
        wire.maxMessagesPerSecond = self.websocketMaxRate
        wire.policy = self.websocketOverflow
        wire.maxQueuedBytes = self.websocketMaxUnsent.bytes
        wire.maxQueuedMessages = self.websocketMaxUnsentMessages
        wire.maxOverflow = max(wire.maxOverflow, 4 * self.websocketMaxUnsent.bytes)
        wire.blockedTimeout = self.websocketStallTimeout.duration
        wire.pingInterval = self.websocketPingInterval.duration
        wire.silenceTimeout = self.websocketPingTimeout.duration
        wire.closeTimeout = self.websocketCloseTimeout.duration
        wire.deflate.isEnabled = !self.noWebsocketCompression
        return wire
    }
}

extension OutboxPolicy: ExpressibleByArgument {}
