package import Logging
package import NIOCore
package import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where something listens: at every address that a name stands for, all with one port, or nowhere; at a Unix socket;
/// or at sockets that the process has from whoever started it.
///
/// Each pauses when the system has no descriptor for another connection, and says so.
package struct Listeners: Sendable {
    /// Attempts to find one port that is free at all addresses.
    private static let mostAttempts = 16

    /// At least one.
    package let channels: [any Channel]

    package var addresses: [SocketAddress] { self.channels.compactMap(\.localAddress) }

    /// The one that was taken, if 0 was asked for.
    package var port: Int { self.addresses.first?.port ?? 0 }

    package func close() {
        for channel in self.channels { channel.close(promise: nil) }
    }

    /// Closes, and returns when nothing is listened on any more: what tries again at once finds the addresses free.
    package func closed() async {
        for channel in self.channels {
            // One that cannot be closed is closed already.
            try? await channel.close()
        }
    }

    package static func + (left: Listeners, right: Listeners) -> Listeners {
        Listeners(channels: left.channels + right.channels)
    }

    /// Listens at all addresses of a place.
    ///
    /// What this machine has no family of addresses for is passed over, as long as another address remains.
    ///
    /// - Parameters:
    ///   - onlyLoopback: whether an address that other machines reach is refused.
    ///   - count: called on the loop whenever a connection could not be taken for want of something.
    ///   - bootstrap: makes what listens; everything is set but the address and the way of accepting.
    /// - Throws: ``ListenFault``, with nothing listened on.
    package static func open(
        _ place: ListenPlace, onlyLoopback: Bool = false, logger: Logger,
        count: @escaping @Sendable () -> Void = {}, bootstrap: () -> ServerBootstrap
    ) async throws(ListenFault) -> Listeners {
        let addresses: [SocketAddress]
        do {
            addresses = try await place.addresses()
        } catch {
            throw ListenFault(reason: PlainWords.of(error))
        }
        if onlyLoopback, let open = addresses.first(where: { !ListenPlace.isLoopback($0) }) {
            throw ListenFault(reason: "it stands for \(ListenPlace.text(open)), which is reached from other machines")
        }
        let make = {
            let pausing = Self.pausing(bootstrap(), logger, count)
            return place.isShared ? pausing.serverChannelOption(Self.reusePort, value: 1) : pausing
        }
        for attempt in 1... {
            do throws(Failure) {
                return try await self.bind(addresses, of: place, logger, make)
            } catch {
                // The port that the first has found may be taken at another.
                guard place.port == 0, error.isTaken, attempt < Self.mostAttempts else { throw error.fault }
            }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    /// `SO_REUSEPORT`
    private static let reusePort = ChannelOptions.Types.SocketOption(
        level: .socket, name: NIOBSDSocket.Option(rawValue: SO_REUSEPORT))

    /// Has a listener pause when the system has no descriptor for another connection, and say so.
    package static func pausing(
        _ bootstrap: ServerBootstrap, _ logger: Logger, _ count: @escaping @Sendable () -> Void
    ) -> ServerBootstrap {
        bootstrap.serverChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(AcceptPauseHandler(logger, count: count))
            }
        }
    }

    private struct Failure: Error {
        let fault: ListenFault
        let isTaken: Bool
    }

    private static func bind(
        _ addresses: [SocketAddress], of place: ListenPlace, _ logger: Logger, _ make: () -> ServerBootstrap
    ) async throws(Failure) -> Listeners {
        var channels: [any Channel] = []
        var missing: (address: SocketAddress, error: any Error)?
        for address in addresses {
            var address = address
            if address.port == 0, let port = channels.first?.localAddress?.port { address.port = port }
            var bootstrap = make()
            if addresses.count > 1, address.protocol == .inet6 {
                // The other family has a listener of its own.
                bootstrap = bootstrap.serverChannelOption(
                    ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
            }
            do {
                channels.append(try await bootstrap.bind(to: address).get())
            } catch  where Self.isFamilyMissing(error, address) {
                missing = (address, error)
            } catch {
                await Listeners(channels: channels).closed()
                throw Failure(
                    fault: Self.fault(error, at: address, of: place, among: addresses.count),
                    isTaken: (error as? IOError)?.errnoCode == EADDRINUSE)
            }
        }
        guard let (address, error) = missing else { return Listeners(channels: channels) }
        guard !channels.isEmpty else {
            throw Failure(fault: Self.fault(error, at: address, of: place, among: addresses.count), isTaken: false)
        }
        logger.info(
            "not listening at one address",
            metadata: ["address": "\(ListenPlace.text(address))", "reason": "\(PlainWords.of(error))"])
        return Listeners(channels: channels)
    }

    /// Whether the machine has no addresses of the kind at all, as many have no IPv6.
    private static func isFamilyMissing(_ error: any Error, _ address: SocketAddress) -> Bool {
        switch (error as? IOError)?.errnoCode {
        case EAFNOSUPPORT: true
        case EADDRNOTAVAIL: ["::1", "::"].contains(address.ipAddress)
        default: false
        }
    }

    private static func fault(
        _ error: any Error, at address: SocketAddress, of place: ListenPlace, among count: Int
    ) -> ListenFault {
        let which = count > 1 ? "\(ListenPlace.text(address)): " : ""
        return ListenFault(reason: which + PlainWords.of(error))
    }
}
