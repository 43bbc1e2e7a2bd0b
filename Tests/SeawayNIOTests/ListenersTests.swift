import Foundation
import Logging
import NIOCore
import NIOPosix
import SeawayNIO
import Testing

@Suite struct ListenersTests {
    private let group = MultiThreadedEventLoopGroup.singleton
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func open(_ host: String, port: Int = 0, onlyLoopback: Bool = false) async throws -> Listeners {
        try await Listeners.open(ListenPlace(host: host, port: port), onlyLoopback: onlyLoopback, logger: self.logger) {
            ServerBootstrap(group: self.group).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        }
    }

    private func isHeard(at address: SocketAddress) async -> Bool {
        guard let channel = try? await ClientBootstrap(group: self.group).connect(to: address).get() else {
            return false
        }
        channel.close(promise: nil)
        return true
    }

    @Test(arguments: ["localhost", "127.0.0.1", "*"])
    func everyAddressOfANameIsListenedOnWithOnePort(host: String) async throws {
        let listeners = try await self.open(host)
        defer { listeners.close() }
        #expect(Set(listeners.addresses.map(\.port)) == [listeners.port])
        let asked = try await ListenPlace(host: host, port: 0).addresses()
        #expect(listeners.addresses.count == asked.count || asked.contains { $0.protocol == .inet6 })
        for address in listeners.addresses { #expect(await self.isHeard(at: address)) }
    }

    @Test func aStarIsBothFamiliesEachByItself() async throws {
        let listeners = try await self.open("*")
        defer { listeners.close() }
        let hosts = listeners.addresses.compactMap(\.ipAddress)
        #expect(hosts.first == "0.0.0.0")
        let there = try SocketAddress(ipAddress: "127.0.0.1", port: listeners.port)
        #expect(await self.isHeard(at: there))
    }

    @Test func aPortThatIsTakenAtOneAddressIsListenedOnAtNone() async throws {
        let taken = try await self.open("127.0.0.1")
        defer { taken.close() }
        let fault = await #expect(throws: ListenFault.self) { try await self.open("*", port: taken.port) }
        #expect(fault?.reason.contains("ddress already in use") == true)
        if let six = try? SocketAddress(ipAddress: "::1", port: taken.port) {
            #expect(await !self.isHeard(at: six))
        }
    }

    @Test func aNameThatNobodyKnowsIsTold() async {
        let fault = await #expect(throws: ListenFault.self) { try await self.open("nobody.invalid") }
        #expect(fault?.reason.hasPrefix("there is no host nobody.invalid") == true)
    }

    @Test func onlyTheLoopbackMeansEachAddress() async throws {
        try await self.open("localhost", onlyLoopback: true).close()
        let fault = await #expect(throws: ListenFault.self) { try await self.open("*", onlyLoopback: true) }
        #expect(fault?.reason.contains("reached from other machines") == true)
    }
}

@Suite("I60, I61") struct ListenersElsewhereTests {
    private let group = MultiThreadedEventLoopGroup.singleton
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func open(_ addresses: ListenAddress...) async throws -> Listeners {
        try await Listeners.open(addresses, backlog: 128, logger: self.logger) { ServerBootstrap(group: self.group) }
    }

    private func isHeard(at address: SocketAddress) async -> Bool {
        guard let channel = try? await ClientBootstrap(group: self.group).connect(to: address).get() else {
            return false
        }
        channel.close(promise: nil)
        return true
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test func aUnixSocketIsForWhomItsModeSaysAndGoes() async throws {
        try await self.withFolder { folder in
            let path = "\(folder)/http"
            let listeners = try await self.open(.unix(path: path, mode: 0o640))
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
            #expect(await self.isHeard(at: try SocketAddress(unixDomainSocketPath: path)))
            await #expect(throws: ListenFault(reason: "Address already in use")) {
                try await self.open(.unix(path: path, mode: 0o600))
            }
            try await listeners.drainAndClose(on: self.group.next()).get()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func aFileThatIsLeftBehindIsTakenOverAndOneOfAnotherKindIsNot() async throws {
        try await self.withFolder { folder in
            let stale = socket(AF_UNIX, Self.stream, 0)
            let path = "\(folder)/stale"
            try SocketAddress(unixDomainSocketPath: path).withSockAddr { address, size in
                #expect(bind(stale, address, socklen_t(size)) == 0)
            }
            close(stale)
            #expect(FileManager.default.fileExists(atPath: path))
            let listeners = try await self.open(.unix(path: path, mode: 0o600))
            #expect(await self.isHeard(at: try SocketAddress(unixDomainSocketPath: path)))
            listeners.close()
            let file = "\(folder)/file"
            #expect(FileManager.default.createFile(atPath: file, contents: nil))
            await #expect(throws: ListenFault.self) { try await self.open(.unix(path: file, mode: 0o600)) }
            #expect(FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func aFileOfSomebodyWhoIsBusyIsNotTakenOver() async throws {
        try await self.withFolder { folder in
            let busy = socket(AF_UNIX, Self.stream, 0)
            let path = "\(folder)/busy"
            try SocketAddress(unixDomainSocketPath: path).withSockAddr { address, size in
                #expect(bind(busy, address, socklen_t(size)) == 0 && listen(busy, 0) == 0)
            }
            defer { close(busy) }
            var clients: [any Channel] = []
            while clients.count < 64,
                let client = try? await ClientBootstrap(group: self.group).connect(unixDomainSocketPath: path).get()
            { clients.append(client) }
            await #expect(throws: ListenFault.self) { try await self.open(.unix(path: path, mode: 0o600)) }
            #expect(FileManager.default.fileExists(atPath: path))
            for client in clients { client.close(promise: nil) }
        }
    }

    #if canImport(Glibc)
        private static let stream = CInt(SOCK_STREAM.rawValue)
        private static let datagram = CInt(SOCK_DGRAM.rawValue)
    #else
        private static let stream = SOCK_STREAM
        private static let datagram = SOCK_DGRAM
    #endif

    /// A socket at a port of the loopback address, as a parent hands it over.
    private func handedOver(listening: Bool) throws -> (CInt, SocketAddress) {
        let descriptor = socket(AF_INET, Self.stream, 0)
        try SocketAddress(ipAddress: "127.0.0.1", port: 0).withSockAddr { address, size in
            #expect(bind(descriptor, address, socklen_t(size)) == 0)
        }
        if listening { #expect(listen(descriptor, 16) == 0) }
        var bound = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let port = withUnsafeMutableBytes(of: &bound) { bytes in
            guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return 0 }
            #expect(getsockname(descriptor, address, &size) == 0)
            return Int(bytes[2]) << 8 | Int(bytes[3])
        }
        return (descriptor, try SocketAddress(ipAddress: "127.0.0.1", port: port))
    }

    @Test func aSocketOfSomebodyElseIsListenedAtWithWhatWaitsThere() async throws {
        let (descriptor, address) = try self.handedOver(listening: true)
        // It waits from before.
        let early = try await ClientBootstrap(group: self.group).connect(to: address).get()
        let accepted = self.group.next().makePromise(of: Void.self)
        let listeners = try await Listeners.open([.descriptor(descriptor)], backlog: 128, logger: self.logger) {
            ServerBootstrap(group: self.group).childChannelInitializer { channel in
                accepted.succeed()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
        }
        try await accepted.futureResult.get()
        #expect(listeners.addresses == [address])
        try await listeners.drainAndClose(on: self.group.next()).get()
        #expect(await !self.isHeard(at: address))
        early.close(promise: nil)
    }

    @Test func whatIsNoListeningSocketIsTold() async throws {
        let (silent, _) = try self.handedOver(listening: false)
        let datagrams = socket(AF_INET, Self.datagram, 0)
        let file = dup(STDERR_FILENO)
        let free = dup(STDERR_FILENO)
        close(free)
        defer { for descriptor in [silent, datagrams, file] { close(descriptor) } }
        for (descriptor, reason) in [
            (silent, "descriptor \(silent) is a socket that does not listen"),
            (datagrams, "descriptor \(datagrams) is no stream socket"), (file, "descriptor \(file) is no socket"),
            (9_999, "there is no descriptor 9999"),
        ] {
            await #expect(throws: ListenFault(reason: reason)) { try await self.open(.descriptor(descriptor)) }
        }
    }

    @Test func oneThatCannotBeHadTakesNone() async throws {
        try await self.withFolder { folder in
            let path = "\(folder)/http"
            let fault = await #expect(throws: ListenFault.self) {
                try await self.open(.unix(path: path, mode: 0o600), .descriptor(9_999))
            }
            #expect(fault?.reason == "fd:9999: there is no descriptor 9999")
            let later = try await self.open(.unix(path: path, mode: 0o600))
            later.close()
        }
    }

    @Test("I69") func aPortIsSharedByThoseWhoSaySo() async throws {
        var place = ListenPlace(host: "127.0.0.1", port: 0)
        place.isShared = true
        let first = try await self.open(.tcp(place))
        defer { first.close() }
        var same = ListenPlace(host: "127.0.0.1", port: first.port)
        await #expect(throws: ListenFault.self) { try await self.open(.tcp(same)) }
        same.isShared = true
        let second = try await self.open(.tcp(same))
        #expect(second.port == first.port)
        second.close()
    }
}

@Suite struct PlainWordsTests {
    @Test func noTypeOfALibraryIsShown() async throws {
        let free = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(free.localAddress?.port)
        try await free.close().get()
        let refused = await #expect(throws: (any Error).self) {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
                host: "localhost", port: port
            )
            .get()
        }
        #expect(PlainWords.of(try #require(refused)) == "Connection refused")
        let unknown = await #expect(throws: (any Error).self) {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "nobody.invalid", port: 1).get()
        }
        #expect(PlainWords.of(try #require(unknown)) == "there is no host nobody.invalid")
    }

    @Test func eachKindHasItsWords() {
        #expect(PlainWords.of(IOError(errnoCode: 13, reason: "bind")) == "Permission denied")
        #expect(PlainWords.of(ChannelError.connectTimeout(.seconds(5))) == "no answer within 5000 ms")
        #expect(PlainWords.of(ChannelError.ioOnClosedChannel) == "the connection is closed")
        #expect(PlainWords.of(ListenFault(reason: "why")) == "why")
        #expect(PlainWords.of(ChannelError.unknownLocalAddress) == "unknown local address")
    }
}
