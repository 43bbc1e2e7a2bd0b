import Foundation
import SeawayNIO

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
        guard let address = try? BrokerAddress(checking: text) else { return nil }
        self = address
    }

    /// Reads an address.
    ///
    /// - Throws: what is missing or wrong.
    public init(checking text: String) throws(NotAnAddress) {
        do throws(AddressText.Fault) {
            self.target = try Self.target(text)
        } catch {
            throw NotAnAddress(text: text, fault: error)
        }
    }

    private static func target(_ text: String) throws(AddressText.Fault) -> Target {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty else { throw .noPath }
            return .unix(path: path)
        }
        let isSecured = text.hasPrefix("tls://")
        let place = try AddressText(text.dropFirst(isSecured ? 6 : 0), ports: 1...65_535)
        return isSecured ? .tls(host: place.host, port: place.port) : .tcp(host: place.host, port: place.port)
    }

    public var description: String {
        switch self.target {
        case .tcp(let host, let port): ListenPlace.text(host, port)
        case .tls(let host, let port): "tls://\(ListenPlace.text(host, port))"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension BrokerAddress {
    /// The variable of the environment that says where brokers are.
    public static let variable = "SEAWAY_BROKER"

    /// What the environment says as `SEAWAY_BROKER`: one address, or several with white space or commas between them.
    ///
    /// - Returns: none when it says nothing.
    /// - Throws: when something there is no address.
    public static func fromEnvironment(
        _ environment: [String: String]? = nil
    ) throws(NotAnAddress) -> [BrokerAddress] {
        let environment = environment ?? ProcessInfo.processInfo.environment
        var addresses: [BrokerAddress] = []
        for text in (environment[Self.variable] ?? "").split(whereSeparator: { $0.isWhitespace || $0 == "," }) {
            addresses.append(try BrokerAddress(checking: String(text)))
        }
        return addresses
    }

    /// A text that is no address.
    public struct NotAnAddress: Error, Hashable, Sendable, CustomStringConvertible {
        public let text: String
        private let fault: AddressText.Fault

        init(text: String, fault: AddressText.Fault) {
            self.text = text
            self.fault = fault
        }

        public var description: String {
            self.fault.sentence(about: self.text, forms: "HOST:PORT, tls://HOST:PORT or unix:PATH")
        }
    }
}
