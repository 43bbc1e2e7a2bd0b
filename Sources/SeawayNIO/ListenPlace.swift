package import NIOCore
import NIOPosix

/// A host and a port to listen on, as somebody has written them.
package struct ListenPlace: Hashable, Sendable, CustomStringConvertible {
    /// A name, an address, or `*` for all addresses of this machine.
    package let host: String
    /// 0: one that is free.
    package let port: Int
    /// Whether other processes of the same user may listen there too (`SO_REUSEPORT`).
    package var isShared = false

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { Self.text(self.host, self.port) }

    /// With brackets where the colons of the host would be taken for the one before the port.
    package static func text(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    package static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "unix:\(address.pathname ?? "")" }
        return self.text(host, port)
    }

    /// Whether only this machine reaches the address.
    package static func isLoopback(_ address: SocketAddress) -> Bool {
        guard let host = address.ipAddress else { return true }
        return host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.")
    }

    /// Every address that the host stands for, each once, in the system's order; for `*` all of both families.
    ///
    /// Looks names up on a thread of its own.
    package func addresses() async throws -> [SocketAddress] {
        guard self.host != "*" else {
            return try ["0.0.0.0", "::"].map { try SocketAddress(ipAddress: $0, port: self.port) }
        }
        if let address = try? SocketAddress(ipAddress: self.host, port: self.port) { return [address] }
        return try await NIOThreadPool.singleton.runIfActive { try Self.lookUp(self.host, self.port) }
    }

    /// Asks the system, which may take long.
    private static func lookUp(_ host: String, _ port: Int) throws -> [SocketAddress] {
        // Not those of one network interface alone, which stand for no address by themselves.
        let addresses = try HostLookup.addresses(of: host).compactMap { try? SocketAddress(ipAddress: $0, port: port) }
        guard !addresses.isEmpty else { throw ListenFault(reason: "the host \(host) has no address") }
        return addresses
    }
}

/// Why something is not listened on.
package struct ListenFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let reason: String

    package init(reason: String) { self.reason = reason }

    package var description: String { self.reason }
}
