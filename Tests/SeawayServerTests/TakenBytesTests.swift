import NIOCore
import NIOEmbedded
import NIOPosix
import SeawayServer
import Testing

@Suite("Whether a peer takes what is written to it (I19, I22)") struct TakenBytesTests {
    static func at(_ milliseconds: Int64) -> Moment { Moment(milliseconds: milliseconds) }

    @Test func nothingIsLookedForWhereNothingWasWritten() {
        var bytes = TakenBytes(now: Self.at(0))
        #expect(!bytes.isOpen)
        bytes.wrote(at: Self.at(10))
        #expect(bytes.isOpen)
        // It has gone at once, for all that is known.
        bytes.look(Outgoing(waiting: 0, taken: 5), at: Self.at(20))
        #expect(!bytes.isOpen && bytes.freeSince == Self.at(10))
        bytes.wrote(at: Self.at(30))
        bytes.look(Outgoing(waiting: 1, taken: 9), at: Self.at(40))
        bytes.look(Outgoing(waiting: 0, taken: 10), at: Self.at(50))
        #expect(!bytes.isOpen && bytes.freeSince == Self.at(50))
    }

    @Test(arguments: [true, false]) func aSteadyReaderIsNeverStalled(systemCounts: Bool) {
        var bytes = TakenBytes(now: Self.at(0))
        bytes.wrote(at: Self.at(0))
        for second in 0...100 {
            let taken = systemCounts ? UInt64(second) : nil
            bytes.look(Outgoing(waiting: 1_000 - second, taken: taken), at: Self.at(Int64(second) * 1_000))
            #expect(!bytes.isStalled(for: .seconds(1), at: Self.at(Int64(second) * 1_000 + 999)))
        }
        #expect(bytes.isStalled(for: .seconds(1), at: Self.at(101_000)))
    }

    /// What is written meanwhile may hide what was taken from who looks only at what waits.
    @Test func aReaderIsSeenToTakeThoughMoreAndMoreWaits() {
        var bytes = TakenBytes(now: Self.at(0))
        for second in 1...10 {
            bytes.wrote(at: Self.at(Int64(second) * 1_000))
            bytes.look(Outgoing(waiting: 1_000 * second, taken: UInt64(second)), at: Self.at(Int64(second) * 1_000))
        }
        #expect(bytes.waitingSince == Self.at(10_000))
    }

    @Test func aReaderThatTakesNothingIsStalledFromTheFirstByteOn() {
        var bytes = TakenBytes(now: Self.at(0))
        bytes.wrote(at: Self.at(100))
        bytes.look(Outgoing(waiting: 10, taken: 7), at: Self.at(350))
        bytes.wrote(at: Self.at(400))
        bytes.look(Outgoing(waiting: 20, taken: 7), at: Self.at(600))
        #expect(bytes.waitingSince == Self.at(100))
        #expect(bytes.isStalled(for: .milliseconds(500), at: Self.at(600)))
    }

    /// Over a real socket, because no other knows what the peer's machine has acknowledged.
    @Test func theSystemTellsWhatAPeerTakes() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let accepted = group.any().makePromise(of: (any Channel).self)
        let acceptor = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                accepted.succeed(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(acceptor.localAddress)
        let reader = try await ClientBootstrap(group: group).channelOption(.autoRead, value: false)
            .connect(to: address).get()
        let writer = try await accepted.futureResult.get()
        let see = { try await writer.eventLoop.submit { Outgoing(writer) }.get() }
        #expect(try await see().waiting == 0)
        // More than both kernels hold.
        writer.writeAndFlush(ByteBuffer(repeating: 1, count: 64 << 20), promise: nil)
        #expect(try await see().waiting > 0)
        let arrived = reader.eventLoop.makePromise(of: Void.self)
        try await reader.pipeline.addHandler(UntilBytes(64 << 20, arrived)).get()
        try await reader.setOption(.autoRead, value: true).get()
        try await arrived.futureResult.get()
        var after = try await see()
        // The last acknowledgement may be on its way.
        while after.waiting > 0 {
            await Task.yield()
            after = try await see()
        }
        #if os(Linux)
            #expect(try #require(after.taken) >= 64 << 20)
        #endif
        try await reader.close().get()
        try await acceptor.close().get()
    }

    @Test func aChannelWithoutASocketTellsWhatItHolds() throws {
        let channel = EmbeddedChannel()
        channel.write(ByteBuffer(string: "four"), promise: nil)
        #expect(Outgoing(channel) == Outgoing(waiting: 4, taken: nil, held: 4))
    }
}

/// Tells when so many bytes have come.
private final class UntilBytes: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let missing: NIOLoopBoundBox<Int>
    private let arrived: EventLoopPromise<Void>

    init(_ count: Int, _ arrived: EventLoopPromise<Void>) {
        self.missing = .makeBoxSendingValue(count, eventLoop: arrived.futureResult.eventLoop)
        self.arrived = arrived
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.missing.value -= Self.unwrapInboundIn(data).readableBytes
        if self.missing.value <= 0 { self.arrived.succeed() }
    }
}
