package import Logging
import NIOCore
package import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Listeners {
    /// Listens at several addresses, or at none.
    ///
    /// - Parameters:
    ///   - backlog: connections that the system holds before they are accepted, at sockets that others have opened.
    ///   - onlyLoopback: whether an address that other machines reach is refused.
    ///   - count: called on the loop whenever a connection could not be taken for want of something.
    ///   - bootstrap: makes what listens; everything is set but the address and the way of accepting.
    /// - Throws: ``ListenFault``, which names the address where there are several, with nothing listened on.
    package static func open(
        _ addresses: [ListenAddress], backlog: Int, onlyLoopback: Bool = false, logger: Logger,
        count: @escaping @Sendable () -> Void = {},
        bootstrap: () -> ServerBootstrap
    ) async throws(ListenFault) -> Listeners {
        let descriptors = try Self.descriptors(of: addresses)
        var listeners = Listeners(channels: [])
        for (address, descriptors) in zip(addresses, descriptors) {
            do throws(ListenFault) {
                let more = try await Self.open(
                    address, descriptors, backlog: backlog, onlyLoopback: onlyLoopback, logger: logger, count: count,
                    bootstrap: bootstrap)
                listeners = listeners + more
            } catch {
                await listeners.closed()
                throw addresses.count == 1 ? error : ListenFault(reason: "\(address): \(error)")
            }
        }
        return listeners
    }

    /// The sockets that the process has for each of some addresses already.
    ///
    /// - Throws: ``ListenFault`` where one is there twice, or is not there.
    @discardableResult
    package static func descriptors(of addresses: [ListenAddress]) throws(ListenFault) -> [[CInt]] {
        var all: [[CInt]] = []
        var taken: Set<CInt> = []
        for address in addresses {
            do throws(ListenFault) {
                let descriptors = try address.descriptors()
                guard taken.isDisjoint(with: descriptors) else {
                    throw ListenFault(reason: "another of the addresses is the same socket")
                }
                taken.formUnion(descriptors)
                all.append(descriptors)
            } catch {
                throw addresses.count == 1 ? error : ListenFault(reason: "\(address): \(error)")
            }
        }
        return all
    }

    private static func open(
        _ address: ListenAddress, _ descriptors: [CInt], backlog: Int, onlyLoopback: Bool, logger: Logger,
        count: @escaping @Sendable () -> Void,
        bootstrap: () -> ServerBootstrap
    ) async throws(ListenFault) -> Listeners {
        switch address {
        case .tcp(let place):
            return try await Self.open(
                place, onlyLoopback: onlyLoopback, logger: logger, count: count, bootstrap: bootstrap)
        case .unix(let path, let mode):
            return try await Self.open(path: path, mode: mode, bootstrap: Self.pausing(bootstrap(), logger, count))
        case .descriptor, .systemd:
            return try await Self.inherit(descriptors, backlog, onlyLoopback) {
                Self.pausing(bootstrap(), logger, count)
            }
        }
    }

    /// Listens at a Unix socket: takes over a path that another program has left behind, not one where it listens, and
    /// not a file of another kind. The file goes when the listener closes.
    ///
    /// - Parameter mode: who may open it, as for `chmod`.
    package static func open(
        path: String, mode: Int, bootstrap: ServerBootstrap
    ) async throws(ListenFault) -> Listeners {
        do {
            if try await Self.isHeard(path) { throw IOError(errnoCode: EADDRINUSE, reason: "bind") }
            let channel = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            guard chmod(path, mode_t(mode)) == 0 else {
                let error = IOError(errnoCode: errno, reason: "chmod")
                try await channel.close().get()
                throw error
            }
            return Listeners(channels: [channel])
        } catch {
            throw ListenFault(reason: PlainWords.of(error))
        }
    }

    /// Whether somebody listens at a Unix socket.
    ///
    /// - Throws: where that cannot be found out; one whose queue is full, say, is there all the same.
    private static func isHeard(_ path: String) async throws -> Bool {
        do {
            let other = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path).get()
            other.close(promise: nil)
            return true
        } catch let error as IOError where [ECONNREFUSED, ENOENT].contains(error.errnoCode) {
            return false
        }
    }

    /// Listens at sockets that listen already.
    private static func inherit(
        _ descriptors: [CInt], _ backlog: Int, _ onlyLoopback: Bool, _ bootstrap: () -> ServerBootstrap
    ) async throws(ListenFault) -> Listeners {
        for descriptor in descriptors { try InheritedSockets.check(descriptor, onlyLoopback: onlyLoopback) }
        var channels: [any Channel] = []
        do {
            for descriptor in descriptors {
                channels.append(try await bootstrap().withBoundSocket(descriptor).get())
                // NIO has it hold 128, whatever the bootstrap says.
                _ = listen(descriptor, CInt(clamping: backlog))
            }
        } catch {
            await Listeners(channels: channels).closed()
            throw ListenFault(reason: PlainWords.of(error))
        }
        return Listeners(channels: channels)
    }
}

extension ListenAddress {
    /// The sockets that the process has for it already.
    fileprivate func descriptors() throws(ListenFault) -> [CInt] {
        switch self {
        case .tcp, .unix: []
        case .descriptor(let descriptor): [descriptor]
        case .systemd(let name): try InheritedSockets.ofProcess().sockets(of: name)
        }
    }
}
