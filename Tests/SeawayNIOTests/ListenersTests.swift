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
