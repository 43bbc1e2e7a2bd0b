package import NIOCore

/// Both ends of a connection, as a request's message names them (protocol/INTERFACE.md, section 2).
package struct ConnectionAddresses: Hashable, Sendable {
    package struct Address: Hashable, Sendable {
        package var host: String
        package var port: Int
    }

    /// `nil` of a Unix socket.
    package var client: Address?
    package var server: Address?

    package init(client: Address? = nil, server: Address? = nil) {
        self.client = client
        self.server = server
    }

    package init(_ channel: any Channel) {
        self.client = channel.remoteAddress.flatMap(Address.init)
        self.server = channel.localAddress.flatMap(Address.init)
    }
}

extension ConnectionAddresses.Address {
    fileprivate init?(_ address: SocketAddress) {
        guard let host = address.ipAddress, let port = address.port else { return nil }
        self.init(host: host, port: port)
    }
}
