import BrokerSupport
import Logging
import SeawayBroker
import SeawayClient
import SeawayMessage
import Synchronization
import TestSupport
import Testing

/// What a layer logs, as `level message reason`.
private final class LogLines: LogHandler {
    private let lines = Mutex<[String]>([])
    let arrivals: AsyncStream<String>
    private let arrive: AsyncStream<String>.Continuation

    init() { (self.arrivals, self.arrive) = AsyncStream.makeStream() }

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let reason = event.metadata?["reason"].map { " \($0)" } ?? ""
        let line = "\(event.level) \(event.message)\(reason)"
        self.lines.withLock { $0.append(line) }
        self.arrive.yield(line)
    }

    /// Those that an operator sees.
    var seen: [String] { self.lines.withLock { $0.filter { !$0.hasPrefix("debug") && !$0.hasPrefix("trace") } } }

    func wait(for line: String) async {
        for await arrived in self.arrivals where arrived.hasPrefix(line) { return }
    }
}

@Suite(.timeLimit(.minutes(1))) struct LinkLogTests {
    private func layer(to broker: BrokerAddress, _ log: LogLines) -> WireLayer {
        var configuration = WireLayerConfiguration(broker: broker)
        configuration.firstBackoff = .milliseconds(5)
        configuration.maxBackoff = .milliseconds(10)
        return WireLayer(configuration, logger: Logger(label: "test") { _ in log })
    }

    @Test func aBrokerThatIsAwayIsToldOnceAndSoIsItsReturn() async throws {
        let first = try await RunningBroker.start(at: RunningBroker.Place.unix.free)
        let address = first.clientAddress
        try await first.kill()
        let log = LogLines()
        let layer = self.layer(to: address, log)
        layer.start()
        // Tried more than once before it is there.
        for _ in 0..<3 { await log.wait(for: "debug the broker is still away") }
        #expect(log.seen == ["warning the broker is away; trying again and again No such file or directory"])
        let second = try await RunningBroker.start(at: first.address)
        await log.wait(for: "notice connected again")
        try await second.kill()
        await log.wait(for: "debug the broker is still away")
        await layer.shutdown()
        #expect(
            log.seen == [
                "warning the broker is away; trying again and again No such file or directory",
                "notice connected again",
                "warning connection lost; connecting again",
                "warning the broker is away; trying again and again No such file or directory",
            ])
    }

    @Test func aBrokerThatIsThereFromTheFirstTryIsTold() async throws {
        try await RunningBroker.run { broker in
            let log = LogLines()
            let layer = self.layer(to: broker.clientAddress, log)
            layer.start()
            await log.wait(for: "info connected")
            await layer.shutdown()
            #expect(log.seen == ["info connected"])
        }
    }

    @Test func whoAsksForTooMuchIsToldTheLimitAndWhatWasGiven() async throws {
        try await RunningBroker.run { broker in
            let layer = self.layer(to: broker.clientAddress, LogLines())
            layer.start()
            let long = String(repeating: "a", count: 256)
            let name = Refusal(code: "name", text: "a name has 1 to 255 bytes, this one has 256")
            let refused: [(String, Refusal)] = [
                (long, name), ("", Refusal(code: "name", text: "a name has 1 to 255 bytes, this one has 0")),
                ("a b", Refusal(code: "name", text: "the name is not legal here")),
            ]
            for (channel, refusal) in refused {
                await #expect(throws: ClientError(refusal, name: channel)) {
                    try await layer.send(["n": 1], to: channel)
                }
            }
            await #expect(throws: ClientError(name, name: long)) { try await layer.send(["n": 1], toGroup: long) }
            let many = (0..<100).map { "\($0).\(String(repeating: "b", count: 60))" }
            let error = await #expect(throws: ClientError.self) { try await layer.join("g", many) }
            #expect(error?.refusal?.text.hasPrefix("a line has at most 4096 bytes, this one has 6") == true)
            let big = Message([("x", .bytes([UInt8](repeating: 0, count: 2 << 20)))])
            let size = await #expect(throws: ClientError.self) { try await layer.send(big, to: "a") }
            #expect(
                size?.refusal?.text
                    == "max-body=2097152 a body has at most 2097152 bytes, this one has \(big.payload.count)")
            await layer.shutdown()
        }
    }

    @Test(arguments: [
        ("127.0.0.1:7411", ["127.0.0.1:7411"]), ("a:1,b:2", ["a:1", "b:2"]),
        (" a:1 , b:2\tunix:/c\n", ["a:1", "b:2", "unix:/c"]),
        ("", []),
    ])
    func theEnvironmentNamesBrokers(text: String, addresses: [String]) throws {
        #expect(try BrokerAddress.fromEnvironment(["SEAWAY_BROKER": text]).map(\.description) == addresses)
    }

    @Test func whatIsNoAddressSaysWhatIsMissing() throws {
        #expect(try BrokerAddress.fromEnvironment([:]) == [])
        let fault = try #require(throws: BrokerAddress.NotAnAddress.self) {
            try BrokerAddress.fromEnvironment(["SEAWAY_BROKER": "a:1 127.0.0.1"])
        }
        #expect(
            "\(fault)" == "127.0.0.1 is no address, its port is missing: HOST:PORT, tls://HOST:PORT or unix:PATH")
    }
}
