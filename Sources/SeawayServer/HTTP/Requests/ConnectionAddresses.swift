package import NIOCore
package import SeawayNIO

/// Both ends of a connection, as a request's message names them (protocol/INTERFACE.md, section 2).
package struct ConnectionAddresses: Hashable, Sendable {
    package struct Address: Hashable, Sendable {
        package var host: String
        /// 0 where it is not known.
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// `nil` of a Unix socket.
    package var client: Address?
    package var server: Address?
    /// `http` or `https`, where a trusted proxy has said it.
    package var scheme: String?
    /// Who is at the other end of the connection; `nil` of a Unix socket.
    package private(set) var peer: IPAddress?

    package init(client: Address? = nil, server: Address? = nil) {
        self.client = client
        self.server = server
        self.peer = client.flatMap { IPAddress($0.host) }
    }

    package init(_ channel: any Channel) {
        self.client = channel.remoteAddress.flatMap(Address.init)
        self.server = channel.localAddress.flatMap(Address.init)
        self.peer = channel.remoteAddress.flatMap { IPAddress($0) }
    }

    /// What a proxy says of a connection that it has taken.
    package init(_ header: ProxyHeader, on connection: ConnectionAddresses) {
        self = connection
        guard let source = header.source else { return }
        self.client = Address(host: source.address.description, port: source.port)
        self.peer = source.address
        self.server = header.destination.map { Address(host: $0.address.description, port: $0.port) } ?? self.server
    }
}

extension ConnectionAddresses.Address {
    fileprivate init?(_ address: SocketAddress) {
        guard let host = address.ipAddress, let port = address.port else { return nil }
        self.init(host: host, port: port)
    }
}
