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
    (1...240).contains(text.utf8.count) && text.utf8.allSatisfy(mayStandInChannel)
}

private func mayStandInChannel(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
    default: false
    }
}

/// Whether a worker may be told there of its requests' ends (I27): `http.disconnect.<worker>!<n>`.
///
/// No other name, since the server sends there with its own rights, which are more than the worker's.
func isWorkersDisconnectChannel(_ name: String) -> Bool {
    let prefix = "http.disconnect."
    guard name.utf8.count <= 255, name.hasPrefix(prefix) else { return false }
    let parts = name.utf8.dropFirst(prefix.utf8.count).split(
        separator: UInt8(ascii: "!"), omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(mayStandInChannel) }
}

/// The name with another beginning, or with an end where it does not begin so.
private func channelBeside(_ channel: String, _ prefix: String, _ replacement: String, _ suffix: String) -> String {
    channel.hasPrefix(prefix) ? replacement + channel.dropFirst(prefix.count) : channel + suffix
}
