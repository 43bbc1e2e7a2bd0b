/// Where a broker is: `host:port`, `[::1]:7411` or `unix:PATH`.
public struct BrokerAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Target: Hashable, Sendable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    package let target: Target

    /// The broker on this machine, at the port of the protocol.
    public static let local = BrokerAddress(target: .tcp(host: "127.0.0.1", port: 7_411))

    package init(target: Target) { self.target = target }

    /// Reads an address; `nil` for anything that is none.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty else { return nil }
            self.target = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.target = .tcp(host: String(host), port: Int(port))
    }

    public var description: String {
        switch self.target {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension BrokerAddress {
    /// A text that is no address.
    public struct NotAnAddress: Error, Hashable, Sendable, CustomStringConvertible {
        public let text: String

        public var description: String { "'\(self.text)' is not HOST:PORT or unix:PATH" }
    }
}
