import Logging
import NIOCore
import SeawayNIO

/// Who is at the other end of connections.
extension ServerCore {
    /// Whether a connection begins with what a proxy says of it (I62).
    func expectsProxyHeader(from channel: any Channel) -> Bool {
        self.configuration.takesProxyHeaders
            && self.configuration.forwarding.trusted.contains(channel.remoteAddress.flatMap { IPAddress($0) })
    }

    /// Remembers, until the connection ends, what a proxy has said of it.
    func note(_ addresses: ConnectionAddresses, of channel: any Channel) {
        let name = ObjectIdentifier(channel)
        self.toldAddresses[name] = addresses
        let core = self.bound
        channel.closeFuture.whenComplete { _ in core.run { $0.toldAddresses[name] = nil } }
    }

    /// Both ends of a connection, as a proxy has said or else as the system knows them.
    func addresses(of channel: any Channel) -> ConnectionAddresses {
        self.toldAddresses[ObjectIdentifier(channel)] ?? ConnectionAddresses(channel)
    }

    /// Who is charged for what a connection holds (I36): nobody for those of a proxy, which are many clients'.
    func charged(_ addresses: ConnectionAddresses) -> IPAddress? {
        addresses.peer.flatMap { self.configuration.forwarding.trusted.contains($0) ? nil : $0 }
    }

    /// Counts the connection among those of its address until it ends (I68).
    ///
    /// A proxy's connections are those of many clients, and are not counted.
    ///
    /// - Returns: whether the address may have one more.
    func countOfAddress(_ addresses: ConnectionAddresses, _ channel: any Channel) -> Bool {
        let limit = self.configuration.maxConnectionsPerAddress
        guard limit > 0, let peer = addresses.peer, !self.configuration.forwarding.trusted.contains(peer) else {
            return true
        }
        guard self.shares.addresses.enter(peer, below: limit) else {
            self.counters.count(.tooManyOfAddress)
            self.warn("connection refused", ["why": "too many of one address", "client": "\(peer)"])
            return false
        }
        let shares = self.shares
        channel.closeFuture.whenComplete { _ in shares.addresses.leave(peer) }
        return true
    }
}
