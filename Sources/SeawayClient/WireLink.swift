import Logging
import NIOCore
import NIOPosix
import NIOSSL
import SeawayMessage
import SeawayNIO
import SeawayWire

/// The one connection to a broker: made, greeted, watched, and made again when it is lost.
///
/// Lives on the loop of its core, which it tells what happens.
final class WireLink {
    private enum State {
        case idle
        case connecting
        /// Connected; the broker has not answered `HELLO`.
        case greeting(any Channel, until: NIODeadline)
        case connected(any Channel)
        /// Told to leave; the promise waits for the connection to end.
        case leaving(any Channel, EventLoopPromise<Void>)
        /// The broker does not want this client again, or this side has left.
        case over
    }

    private let configuration: WireLayerConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private unowned let core: WireCore
    private var state = State.idle
    private var backoff: ClientBackoff
    private var keepalive: Keepalive
    /// Why there has been no connection since the last.
    private var fault: String?
    /// Why the connection that has not been greeted ends.
    private var greetingFault: String?
    /// It is not to be used, whatever the broker answers.
    private var isDropped = false
    /// The next attempt to connect, and how long it is put off where that is not as usual.
    private var attempt: Scheduled<Void>?
    private var pause: Duration?
    private var log: LinkLog

    init(_ configuration: WireLayerConfiguration, _ eventLoop: any EventLoop, _ logger: Logger, core: WireCore) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.core = core
        self.backoff = ClientBackoff(first: configuration.firstBackoff, most: configuration.maxBackoff)
        self.keepalive = Keepalive(interval: 0, now: 0)
        self.log = LinkLog(configuration.broker, logger)
    }

    private static var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }

    // MARK: State

    /// Requests can be written.
    var isConnected: Bool {
        if case .connected = self.state { true } else { false }
    }

    /// There will be no connection any more.
    var isOver: Bool {
        switch self.state {
        case .leaving, .over: true
        case .idle, .connecting, .greeting, .connected: false
        }
    }

    /// What is told to those for whom the connection comes too late.
    var whyMissing: Refusal {
        let reason = self.fault.map { ": \($0)" } ?? ""
        return Refusal(code: "unreachable", text: "no connection to \(self.configuration.broker)\(reason)")
    }

    /// Where bytes go now, `HELLO` included.
    var channel: (any Channel)? {
        switch self.state {
        case .greeting(let channel, _), .connected(let channel), .leaving(let channel, _): channel
        case .idle, .connecting, .over: nil
        }
    }

    // MARK: Connecting

    func start() {
        if case .idle = self.state { self.connect() }
    }

    private func connect() {
        self.state = .connecting
        self.isDropped = false
        // The attempt keeps the core alive, not the link: the core outlives it.
        let core = NIOLoopBound(self.core, eventLoop: self.eventLoop)
        let bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(TimeAmount(self.configuration.connectTimeout))
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 4_096, maximum: 262_144)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let handler = try core.value.link.makeTLSHandler() {
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(WireHandler(core: core.value))
                }
            }
        let attempt =
            switch self.configuration.broker.target {
            case .tcp(let host, let port), .tls(let host, let port):
                bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        attempt.whenComplete { core.value.link.didConnect($0) }
    }

    private func makeTLSHandler() throws -> NIOSSLClientHandler? {
        guard case .tls(let host, _) = self.configuration.broker.target else { return nil }
        return try (self.configuration.tls ?? ClientTLS()).makeHandler(host: host)
    }

    private func didConnect(_ result: Result<any Channel, any Error>) {
        guard case .connecting = self.state else {
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        switch result {
        case .failure(let error):
            self.isAway(PlainWords.of(error))
            self.connectLater()
        case .success(let channel):
            self.state = .greeting(channel, until: .now() + TimeAmount(self.configuration.connectTimeout))
            guard let login = self.configuration.login else {
                return self.core.end(Refusal(code: "auth", text: "the token is not 1 to 255 bytes of printable ASCII"))
            }
            let heartbeat = Int(min(self.configuration.heartbeat, .seconds(3_600)) / .milliseconds(1))
            self.keepalive = Keepalive(interval: self.configuration.askingInterval, now: Self.now)
            let brokers = self.configuration.brokers > 1 ? " brokers=\(self.configuration.brokers)" : ""
            let name = self.configuration.legalName
            self.core.greet("HELLO 1 format=msgpack client=\(name)\(login) heartbeat=\(heartbeat)\(brokers)\n")
        }
    }

    private func isAway(_ reason: String) {
        self.fault = reason
        self.log.away(reason)
    }

    private func connectLater() {
        let core = NIOLoopBound(self.core, eventLoop: self.eventLoop)
        let pause = self.pause.take() ?? self.backoff.next(jitter: .random(in: 0...1))
        self.attempt = self.eventLoop.scheduleTask(in: TimeAmount(pause)) { core.value.link.connectAgain() }
    }

    private func connectAgain() {
        self.attempt = nil
        if case .connecting = self.state { self.connect() }
    }

    /// Tries again at once if it waits for the next attempt.
    func connectSoon() {
        guard let attempt = self.attempt.take() else { return }
        attempt.cancel()
        self.connectAgain()
    }

    /// The broker has answered `HELLO`.
    func didGreet() {
        // Who was told of the answer may have dropped it.
        guard case .greeting(let channel, _) = self.state, !self.isDropped else { return }
        self.state = .connected(channel)
        self.fault = nil
        self.log.connected()
        self.core.connected()
    }

    // MARK: Losing

    /// The connection has ended.
    func lost(_ ended: any Channel) {
        switch self.state {
        case .greeting(let channel, _):
            guard channel === ended else { return }
            self.isAway(self.greetingFault.take() ?? "it has ended the connection before it answered HELLO")
            self.loseAndConnectLater()
        case .connected(let channel):
            guard channel === ended else { return }
            self.log.lost()
            // Only now: a broker that greets and hangs up is not to be asked again and again.
            self.backoff.reset()
            self.loseAndConnectLater()
        case .leaving(_, let left):
            self.state = .over
            self.core.disconnected()
            left.succeed(())
        case .idle, .connecting, .over: break
        }
    }

    private func loseAndConnectLater() {
        // First, because who is told may ask for something at once.
        self.state = .connecting
        self.core.disconnected()
        // Who was told may have left.
        if case .connecting = self.state { self.connectLater() }
    }

    /// Ends the connection; another will be made.
    ///
    /// - Parameter pause: when; `nil`: as usual.
    func drop(_ reason: String, pause: Duration? = nil) {
        self.pause = pause
        if case .greeting = self.state {
            // Said when it has ended, once for all attempts.
            self.greetingFault = reason
            self.isDropped = true
        } else {
            self.logger.warning(
                "connection given up", metadata: ["broker": "\(self.configuration.broker)", "reason": "\(reason)"])
        }
        // Below TLS, which would wait for a broker that is silent.
        let operations = self.channel?.pipeline.syncOperations
        if let bottom = try? operations?.context(handlerType: NIOSSLClientHandler.self) {
            bottom.close(promise: nil)
        } else {
            self.channel?.close(promise: nil)
        }
    }

    /// The broker is about to end the connection.
    func heardGoodbye(_ text: String) {
        if case .greeting = self.state { self.greetingFault = "it says goodbye: \(text)" }
    }

    /// Something is wrong with the connection, which ends.
    func broke(_ error: any Error) {
        if case .greeting = self.state { self.greetingFault = TLSFault(error)?.description ?? PlainWords.of(error) }
    }

    /// Ends everything: there is no use in coming back.
    func end() {
        let channel = self.channel
        if case .leaving(_, let left) = self.state { left.succeed(()) }
        self.state = .over
        channel?.close(promise: nil)
    }

    /// Ends the connection when the broker has answered `QUIT`.
    ///
    /// - Parameter quit: asks it; called if there is a connection.
    func leave(_ quit: () -> Void) -> EventLoopFuture<Void> {
        switch self.state {
        case .leaving(_, let left): return left.futureResult
        case .connected(let channel):
            quit()
            let left = self.eventLoop.makePromise(of: Void.self)
            self.state = .leaving(channel, left)
            let patience = self.eventLoop.scheduleTask(in: TimeAmount(self.configuration.connectTimeout)) {
                channel.close(promise: nil)
            }
            left.futureResult.whenComplete { _ in patience.cancel() }
            return left.futureResult
        case .idle, .connecting, .greeting, .over:
            self.end()
            return self.eventLoop.makeSucceededVoidFuture()
        }
    }

    // MARK: Signs of life

    func brokerWasHeard() { self.keepalive.peerWasHeard(at: Self.now) }

    /// When the broker was heard last, on this connection or the one that was lost.
    var brokerHeardAt: Int { self.keepalive.heardAt }

    /// - Returns: whether the broker is to be asked for a sign of life.
    func check(at now: Int) -> Bool {
        switch self.state {
        case .greeting(_, let deadline):
            if deadline <= .now() { self.drop("no answer to HELLO") }
        case .connected:
            switch self.keepalive.check(at: now) {
            case .wait: break
            case .ping: return true
            case .giveUp: self.drop("the broker is silent")
            }
        case .idle, .connecting, .leaving, .over: break
        }
        return false
    }
}

extension WireLayerConfiguration {
    /// The option of `HELLO` that shows the token; `nil`: a token that no broker knows.
    fileprivate var login: String? {
        guard let token = self.token else { return "" }
        let isLegal = (1...255).contains(token.utf8.count) && token.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return isLegal ? " token=\(token)" : nil
    }

    /// The name as `HELLO` can say it (H4).
    fileprivate var legalName: String {
        let name = self.clientName.utf8.prefix(64).map { Name.isNameByte($0) ? $0 : UInt8(ascii: "-") }
        return name.isEmpty ? "seaway" : String(decoding: name, as: UTF8.self)
    }
}
