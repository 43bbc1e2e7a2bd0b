/// Where a broker is: `host:port`, `[::1]:7411`, `unix:PATH`, or with TLS `tls://host:port`.
public struct BrokerAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Target: Hashable, Sendable {
        case tcp(host: String, port: Int)
        case tls(host: String, port: Int)
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
        let isSecured = text.hasPrefix("tls://")
        guard let (host, port) = Self.hostAndPort(text.dropFirst(isSecured ? 6 : 0)) else { return nil }
        self.target = isSecured ? .tls(host: host, port: port) : .tcp(host: host, port: port)
    }

    private static func hostAndPort(_ text: Substring) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), Int(port))
    }

    private static func text(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    public var description: String {
        switch self.target {
        case .tcp(let host, let port): Self.text(host, port)
        case .tls(let host, let port): "tls://\(Self.text(host, port))"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension BrokerAddress {
    /// A text that is no address.
    public struct NotAnAddress: Error, Hashable, Sendable, CustomStringConvertible {
        public let text: String

        public var description: String { "'\(self.text)' is not HOST:PORT, tls://HOST:PORT or unix:PATH" }
    }
}
