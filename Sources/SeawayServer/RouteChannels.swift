/// The channels that a route's requests go to (protocol/INTERFACE.md, I3 and I4).
package struct RequestRoute: RouteTarget {
    package let channel: String
    /// Where ``channel``'s workers hear of clients that left.
    package let disconnectChannel: String

    package static let fallback = RequestRoute(channel: "http.request")
    package static let form = "CHANNEL"
    package static let rule = channelRule
    package static let option: String? = nil

    package init?(_ text: String, like other: RequestRoute) {
        guard isRouteChannel(text) else { return nil }
        self.init(channel: text)
    }

    private init(channel: String) {
        self.channel = channel
        self.disconnectChannel = channelBeside(channel, "http.request", "http.disconnect", ".disconnect")
    }
}

/// The channels that a route's WebSockets go to (W2), and what happens to browsers that read too slowly (W13).
package struct SocketRoute: RouteTarget {
    package let channel: String
    package let receiveChannel: String
    package let disconnectChannel: String
    package let overflow: OutboxPolicy

    package static let fallback = SocketRoute(channel: "websocket.connect", overflow: .wait)
    package static let form = "CHANNEL[,overflow=POLICY]"
    package static let rule = channelRule + "; a policy is one of \(policies)"
    package static let option: String? = ",overflow="
    private static let policies = OutboxPolicy.allCases.map(\.rawValue).joined(separator: ", ")

    package init(channel: String, overflow: OutboxPolicy) {
        self.channel = channel
        self.receiveChannel = channelBeside(channel, "websocket.connect", "websocket.receive", ".receive")
        self.disconnectChannel = channelBeside(channel, "websocket.connect", "websocket.disconnect", ".disconnect")
        self.overflow = overflow
    }

    package init?(_ text: String, like other: SocketRoute) {
        let option = text.firstRange(of: ",overflow=")
        let channel = String(text[..<(option?.lowerBound ?? text.endIndex)])
        let policy = option.map { OutboxPolicy(rawValue: String(text[$0.upperBound...])) } ?? other.overflow
        guard isRouteChannel(channel), let policy else { return nil }
        self.init(channel: channel, overflow: policy)
    }
}

private let channelRule = "a channel has 1 to 240 of A–Z a–z 0–9 - _ . and neither ! nor ?"

private func isRouteChannel(_ text: String) -> Bool {
    (1...240).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
}

/// The name with another beginning, or with an end where it does not begin so.
private func channelBeside(_ channel: String, _ prefix: String, _ replacement: String, _ suffix: String) -> String {
    channel.hasPrefix(prefix) ? replacement + channel.dropFirst(prefix.count) : channel + suffix
}
