package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// Sends what Redis publishes, or what is added to its streams.
package final class RedisSource: BridgeSource {
    private let address: RedisAddress
    private let subject: RedisSession.Subject
    private let intake: SourceIntake
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let stopSignal = StopSignal()
    private let positions = Mutex<[String: [UInt8]]>([:])
    /// Entries that are asked for at once; fewer after more than a value may hold.
    private let count = Mutex(RedisSession.mostEntries)

    /// - Parameter positions: ids behind which streams are read; others are read from their end.
    package init(
        _ address: RedisAddress, _ subject: RedisSession.Subject, positions: [String: [UInt8]] = [:],
        intake: SourceIntake, eventLoop: any EventLoop, logger: Logger
    ) {
        self.address = address
        self.subject = subject
        self.intake = intake
        self.eventLoop = eventLoop
        self.logger = logger
        self.positions.withLock { $0 = positions }
    }

    package func stop() {
        self.stopSignal.stop()
        // Frees who waits for room.
        self.intake.pump.close()
    }

    package func run() async throws {
        let link = ServiceLink(service: self.address.description, logger: self.logger)
        try await self.stopSignal.run {
            await link.keep { isReady in try await self.connect(isReady) }
        }
    }

    /// A connection that the server has refused.
    private struct Refused: Error, CustomStringConvertible { let description: String }

    private func connect(_ isReady: () -> Void) async throws {
        let limits = self.address.limits
        let connection = try await self.address.connect(self.eventLoop) { channel in
            channel.eventLoop.makeCompletedFuture {
                // It answers a PING, or a question for entries, within this time.
                try channel.pipeline.syncOperations.addHandler(SilenceHandler(limits.quiet + limits.answer))
                return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        try await connection.executeThenClose { inbound, outbound in
            var session = RedisSession(
                self.subject, password: self.address.password, positions: self.positions.withLock { $0 },
                quiet: limits.quiet, count: self.count.withLock { $0 })
            let parser = RESPParser(maxValue: self.address.maxValue)
            var unread: [UInt8] = []
            try await self.carryOut(session.begin(), outbound, isReady)
            let sign = session.sign
            try await withThrowingTaskGroup { group in
                group.addTask { try await Self.keepAlive(outbound, sign, limits.quiet) }
                defer { group.cancelAll() }
                for try await buffer in inbound {
                    unread += buffer.readableBytesView
                    var used = 0
                    while let (value, length) = try self.next(unread[used...], parser) {
                        used += length
                        try await self.carryOut(session.received(value), outbound, isReady)
                        self.positions.withLock { $0 = session.positions }
                    }
                    unread.removeFirst(used)
                }
            }
        }
    }

    private func next(
        _ unread: ArraySlice<UInt8>, _ parser: RESPParser
    ) throws(RESPParser.Fault) -> (value: RESPValue, length: Int)? {
        do {
            return try parser.next(unread)
        } catch {
            if case .tooLarge = error { self.count.withLock { $0 = RedisSession.fewer(than: $0) } }
            throw error
        }
    }

    private static func keepAlive(
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, _ sign: [UInt8]?, _ quiet: Duration
    ) async throws {
        guard let sign else { return }
        while true {
            try await Task.sleep(for: quiet)
            try await outbound.write(ByteBuffer(bytes: sign))
        }
    }

    private func carryOut(
        _ events: [RedisSession.Event], _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, _ isReady: () -> Void
    ) async throws {
        for event in events {
            switch event {
            case .write(let bytes): try await outbound.write(ByteBuffer(bytes: bytes))
            case .ready:
                isReady()
                self.logger.info("reading from \(self.address)")
            case .message(let channel, let data): _ = await self.intake.put(data, from: channel)
            case .entry(let stream, let id, let fields):
                _ = await self.intake.put(stream: stream, id: id, fields: fields)
            case .refused(let text): throw Refused(description: text)
            }
        }
    }
}
