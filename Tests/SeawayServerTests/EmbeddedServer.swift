import Logging
import NIOCore
import NIOEmbedded
import SeawayMessage
import SeawayServer
import SeawayTesting
import Synchronization
import TestSupport

/// A server without a socket and with a clock that the test moves.
final class EmbeddedServer {
    let layer: FakeLayer
    let core: ServerCore
    private let loop = EmbeddedEventLoop()
    private let outputs = Outputs()
    private var now: Moment

    init(
        layer: FakeLayer = FakeLayer(), log: LogLines = LogLines(), sockets: Bool = false,
        threads: any FileThreads = SoonThreads(),
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) {
        var configuration = ServerConfiguration()
        configure(&configuration)
        self.layer = layer
        self.core = ServerCore(
            configuration: configuration, layer: layer, eventLoop: self.loop, logger: log.logger)
        self.core.reads.later = { loop, _, body in loop.execute(body) }
        self.core.input.later = { loop, _, body in loop.execute(body) }
        self.now = self.core.now
        self.core.fileThreads = threads
        self.core.outgoing = { [outputs] in outputs.all[ObjectIdentifier($0)] ?? Outgoing(waiting: 0, taken: 0) }
        if sockets { self.core.start() } else { self.core.listen() }
    }

    func connect(from address: String = "192.0.2.7") throws -> EmbeddedConnection {
        try EmbeddedConnection(self.core, self.loop, self.outputs, address)
    }

    /// Lets the loop's and the server's clock move on by a time, at whose end the server looks around.
    func pass(_ time: Duration) {
        self.now = self.now + time
        self.loop.advanceTime(by: .milliseconds(time.wholeMilliseconds))
        self.core.sweep(at: self.now)
        self.loop.run()
    }

    /// Lets the loop's clock move on, of which the server knows nothing before it looks around again.
    func passUnseen(_ time: Duration) { self.loop.advanceTime(by: .milliseconds(time.wholeMilliseconds)) }

    /// Lets what is due now happen.
    func run() { self.loop.run() }

    /// Lets a worker answer the request with this place, the first being 0.
    func answer(_ index: Int = 0, _ message: Message) {
        guard let channel = self.layer.replyChannel(index) else { return }
        self.layer.deliver(message, to: [channel])
        self.loop.run()
    }
}

/// What was logged at `info` and above.
final class LogLines: LogHandler {
    private let kept = Mutex<[String]>([])

    var lines: [String] { self.kept.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in self } }

    func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
        self.kept.withLock { $0.append((["\(event.message)"] + pairs).joined(separator: " ")) }
    }

    /// Keeps the lines of an access log beside the others, without their time of day.
    func access(_ format: AccessFormat = .logfmt) -> AccessLog {
        AccessLog(format) { line in
            let text = line.hasPrefix("time=") ? String(line[(line.firstIndex(of: " ") ?? line.startIndex)...]) : line
            self.kept.withLock { $0.append("request" + text) }
        }
    }

    // Fixed, so that the handler can be shared.
    var logLevel: Logger.Level {
        get { .info }
        set { _ = newValue }
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set { _ = newValue }
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set { _ = newValue }
    }
}

/// What of the output of each connection is on its way: an embedded channel itself passes on everything at once.
final class Outputs {
    var all: [ObjectIdentifier: Outgoing] = [:]
}

/// Counts what comes through to the socket of a connection's wishes to read.
private final class Readings: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var count = 0

    func read(context: ChannelHandlerContext) {
        self.count += 1
        context.read()
    }
}

/// One client of an ``EmbeddedServer``.
final class EmbeddedConnection {
    let channel: EmbeddedChannel
    private let outputs: Outputs
    private let readings = Readings()

    fileprivate init(_ core: ServerCore, _ loop: EmbeddedEventLoop, _ outputs: Outputs, _ address: String) throws {
        self.channel = EmbeddedChannel(loop: loop)
        self.outputs = outputs
        try self.channel.pipeline.syncOperations.addHandler(self.readings)
        self.channel.localAddress = try SocketAddress(ipAddress: "127.0.0.1", port: 8_000)
        // A socket that was accepted knows it from its start.
        let client = try SocketAddress(ipAddress: address, port: 50_312)
        self.channel.remoteAddress = client
        try self.channel.addServerHandlers(core)
        self.channel.connect(to: client, promise: nil)
    }

    var isOpen: Bool { self.channel.isActive }

    /// Whether the server lets more be read from this client.
    var reads: Bool {
        let before = self.readings.count
        self.channel.read()
        return self.readings.count > before
    }

    func send(_ text: String) throws { try self.send(Array(text.utf8)) }
    func send(_ bytes: [UInt8]) throws { _ = try self.channel.writeInbound(ByteBuffer(bytes: bytes)) }

    func get(_ target: String = "/", _ fields: String = "") throws {
        try self.send("GET \(target) HTTP/1.1\r\nhost: localhost\r\n\(fields)\r\n")
    }

    /// All that the server has sent since the last call.
    func output() throws -> String { String(decoding: try self.outputBytes(), as: UTF8.self) }

    func outputBytes() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        return bytes
    }

    /// The same, without the fields that every answer has.
    func answers() throws -> String {
        let lines = try self.output().split(separator: "\r\n", omittingEmptySubsequences: false)
        return lines.filter { !$0.hasPrefix("date: ") && !$0.hasPrefix("server: ") }.joined(separator: "\n")
    }

    func leave() { self.channel.close(promise: nil) }

    /// - Parameter held: bytes that the server's own process holds for this client from now on.
    func becomeSlow(_ isSlow: Bool, held: Int = 1_000) {
        self.outgoing = Outgoing(waiting: isSlow ? 1_000 + held : 0, taken: 0, held: isSlow ? held : 0)
        self.channel.isWritable = !isSlow
        self.channel.pipeline.fireChannelWritabilityChanged()
    }

    /// Takes some of what waits, far less than makes it writable again.
    func takeSome() { self.outgoing.taken = (self.outgoing.taken ?? 0) + 1 }

    private var outgoing: Outgoing {
        get { self.outputs.all[ObjectIdentifier(self.channel)] ?? Outgoing(waiting: 0, taken: 0) }
        set { self.outputs.all[ObjectIdentifier(self.channel)] = newValue }
    }
}
