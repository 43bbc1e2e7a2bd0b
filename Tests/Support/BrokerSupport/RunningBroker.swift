import Foundation
import Logging
package import NIOCore
import NIOPosix
package import SeawayBroker
import Synchronization

/// A broker with real sockets, on a thread of its own, so that it can be killed too.
package final class RunningBroker: Sendable {
    /// Where a broker listens.
    package enum Place: CaseIterable, Sendable {
        case tcp, tls, unix

        /// An address that nobody else has.
        package var free: Broker.Address {
            switch self {
            case .tcp: .tcp(host: "127.0.0.1", port: 0)
            case .tls: .tls(host: "127.0.0.1", port: 0)
            case .unix:
                .unix(path: "/tmp/seaway-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0 ... .max))")
            }
        }
    }

    package let broker: Broker
    package let address: Broker.Address
    private let group: MultiThreadedEventLoopGroup
    private let time: ManualTime?
    private let probe: Probe

    private init(
        _ broker: Broker, _ address: Broker.Address, _ group: MultiThreadedEventLoopGroup, _ time: ManualTime?,
        _ probe: Probe
    ) {
        self.broker = broker
        self.address = address
        self.group = group
        self.time = time
        self.probe = probe
    }

    /// One that is not the broker's.
    package var anotherLoop: any EventLoop { MultiThreadedEventLoopGroup.singleton.any() }

    /// - Parameter hasManualTime: time passes only by ``advance(by:)``.
    package static func start(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), at address: Broker.Address = Place.tcp.free,
        hasManualTime: Bool = false
    ) async throws -> RunningBroker {
        var configuration = configuration
        if address.isSecured { configuration.tls = try TestIdentity.server() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let time = hasManualTime ? ManualTime() : nil
        var clock: (@Sendable () -> Int)?
        if let time { clock = { time.now } }
        let broker = try await Broker.make(
            configuration: configuration, eventLoop: group.any(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: clock)
        let bound = try await broker.listen(on: address)[0]
        return RunningBroker(broker, bound, group, time, try await Probe.start(on: group))
    }

    /// Runs a broker as long as the body does, and kills it then.
    package static func run(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), at address: Broker.Address = Place.tcp.free,
        hasManualTime: Bool = false, _ body: (RunningBroker) async throws -> Void
    ) async throws {
        let running = try await Self.start(configuration, at: address, hasManualTime: hasManualTime)
        do {
            try await body(running)
        } catch {
            try await running.kill()
            throw error
        }
        try await running.kill()
    }

    /// Ends it without a word, as SIGKILL does.
    package func kill() async throws {
        await self.probe.close()
        try await self.group.shutdownGracefully()
        if case .unix(let path) = self.address { try? FileManager.default.removeItem(atPath: path) }
    }

    /// A client that is known to the broker when this returns.
    package func connect(receiveBuffer: Int? = nil) async throws -> RawSocket {
        let before = try await self.broker.accepted()
        let socket = try await RawSocket.connect(to: self.address, receiveBuffer: receiveBuffer)
        while try await self.broker.accepted() == before { try await self.settle() }
        return socket
    }

    /// Does something while the broker's loop stands still: all of it is there at once when the loop goes on.
    package func whileHeld(_ body: () async throws -> Void) async throws {
        // Not of the loop itself, which will not run anybody's callbacks.
        let isHeld = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        defer { release.signal() }
        self.group.any().execute {
            isHeld.succeed(())
            release.wait()
        }
        try await isHeld.futureResult.get()
        try await body()
    }

    /// Lets manual time pass, in steps, as it does for a broker that looks after its deadlines now and then.
    package func advance(by milliseconds: Int, inSteps steps: Int = 1_000) async throws {
        guard let time = self.time else { preconditionFailure("this broker's time is the real one") }
        let end = time.now + milliseconds
        let step = max(1, milliseconds / steps)
        while time.now < end {
            time.advance(by: min(step, end - time.now))
            try await self.broker.check()
        }
    }

    /// Lets it look after its deadlines while no time passes.
    package func check() async throws {
        try await self.broker.check()
        try await self.settle()
    }

    /// Returns when the broker has handled what had reached it before.
    ///
    /// A loop takes what is ready in the order in which it became ready, so what came before the probe's byte is read
    /// when that is answered.
    package func settle() async throws {
        for _ in 0..<3 { try await self.probe.ask() }
    }
}

/// Milliseconds that go on by hand.
private final class ManualTime: Sendable {
    private let milliseconds = Mutex(1_000_000)

    var now: Int { self.milliseconds.withLock { $0 } }
    func advance(by milliseconds: Int) { self.milliseconds.withLock { $0 += milliseconds } }
}

/// A socket on the broker's loop that says back what it is told.
private final class Probe: Sendable {
    private let listener: any Channel
    private let client: RawSocket
    private let path: String

    private init(_ listener: any Channel, _ client: RawSocket, _ path: String) {
        self.listener = listener
        self.client = client
        self.path = path
    }

    static func start(on group: any EventLoopGroup) async throws -> Probe {
        guard case .unix(let path) = RunningBroker.Place.unix.free else { preconditionFailure("a path was asked for") }
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
            .bind(unixDomainSocketPath: path).get()
        return Probe(listener, try await RawSocket.connect(to: .unix(path: path)), path)
    }

    func ask() async throws {
        try await self.client.send([0])
        _ = try await self.client.bytes(1)
    }

    func close() async {
        await self.client.close()
        try? FileManager.default.removeItem(atPath: self.path)
    }
}

private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(self.wrapOutboundOut(self.unwrapInboundIn(data)), promise: nil)
    }
}

@available(*, unavailable)
extension Echo: Sendable {}
