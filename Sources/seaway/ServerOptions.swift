import ArgumentParser
import Logging
import NIOCore
import NIOPosix
import SeawayLog
import SeawayNIO
import SeawayServer

/// Every bound of an interface server as an option; the names are those of INTERFACE.md.
struct ServerOptions: ParsableArguments {
    @OptionGroup var addresses: HTTPAddressOptions
    @OptionGroup var proxies: ProxyOptions

    @Option(
        help: ArgumentHelp(
            "Channel for requests whose path begins so; longest prefix wins, default http.request; repeat it.",
            valueName: "[host]/prefix=channel"))
    var route: [String] = []

    @OptionGroup var tls: HTTPTLSOptions
    @OptionGroup var http2: HTTP2Options

    @Option(
        help: ArgumentHelp(
            """
            Event loops, among which connections are dealt out; unless given one for each core, and in `seaway up`, whose \
            workers are beside it, for each core but one.
            """,
            valueName: "count"))
    var loops: Int?

    @Option(help: .time("How long a request may wait for its answer."))
    var httpTimeout = TimeOption(milliseconds: 120_000)

    @Option(help: .time("How long nobody may listen where a request waits; then it is answered with 503."))
    var noWorkerPatience = TimeOption(milliseconds: 5_000)

    @Option(
        help: ArgumentHelp(
            """
            Methods, with commas between, whose requests another worker gets when the first is lost before it has answered; \
            none for no such.
            """,
            valueName: "methods"))
    var retry = RetryOption()

    @Option(help: .time("How long the head of a request may take."))
    var headTimeout = TimeOption(milliseconds: 30_000)

    @Option(help: .time("How long an answer may take to its end; 0 sets no limit."))
    var answerTimeout = TimeOption(milliseconds: 0)

    @Option(help: .time("How long a client may send nothing of a body."))
    var bodyTimeout = TimeOption(milliseconds: 20_000)

    @Option(help: .size("Bytes of a body that must come each second, on the average of 30 s; 0 sets no limit."))
    var minBodyRate = SizeOption(bytes: 128)

    @Option(help: .time("How long a connection may stay without a request."))
    var keepAlive = TimeOption(milliseconds: 75_000)

    @Option(help: .time("How long a client may take nothing of its answer."))
    var clientStallTimeout = TimeOption(milliseconds: 60_000)

    @Option(help: .time("When a client that has ended its sending side is asked whether it waits still."))
    var probeDelay = TimeOption(milliseconds: 500)

    @Option(help: .size("Longest first line of a request."))
    var maxRequestLine = SizeOption(bytes: 16 << 10)

    @Option(help: .size("Largest head of a request."))
    var maxRequestHead = SizeOption(bytes: 32 << 10)

    @Option(help: .count("Fields of a request."))
    var maxRequestFields = 100

    @Option(help: .size("Sizes, extensions and trailers around a chunked body, beside 8 bytes for each of its own."))
    var maxChunkOverhead = SizeOption(bytes: 16 << 10)

    @Option(help: .size("Largest body of a request."))
    var maxRequestBody = SizeOption(bytes: 1 << 30)

    @Option(help: .size("Largest body that goes to a worker in one message; a larger one goes in pieces."))
    var bodyInline = SizeOption(bytes: 64 << 10)

    @Option(help: .size("Bodies that are held, in all."))
    var maxBufferedBodies = SizeOption(bytes: 256 << 20)

    @Option(help: .size("Everything that is held for clients of HTTP, in all."))
    var maxHttpMemory = SizeOption(bytes: 1 << 30)

    @Option(help: .count("HTTP connections, WebSockets included."))
    var maxHttpConnections = 10_000

    @Option(help: .count("Requests of one connection under way."))
    var maxPipelined = 16

    @Option(help: ArgumentHelp("Where the site is mounted: root_path in the messages.", valueName: "path"))
    var rootPath = ""

    @Option(help: .time("How long requests under way may take after SIGTERM."))
    var grace = TimeOption(milliseconds: 10_000)

    @Flag(help: "One line for each request, on standard error unless --access-log-file is given.")
    var accessLog = false

    @Option(
        help: ArgumentHelp(
            "File for the access log, which is on then; opened again at SIGHUP, so that it can be rotated.",
            valueName: "path"))
    var accessLogFile: String?

    @Option(help: .size("Bytes of lines that wait for that file; more are dropped and counted."))
    var accessLogBuffer = SizeOption(bytes: 1 << 20)

    @Option(
        help: ArgumentHelp(
            """
            How lines of the access log are written: combined (as Apache's), json or logfmt; unless given json where \
            --log-format is, else logfmt.
            """,
            valueName: "format"))
    var accessLogFormat: AccessFormat?

    @Option(
        help: ArgumentHelp(
            """
            Whose X-Request-Id a request keeps: make (that of trusted proxies; others get a new one), take (anybody's) or \
            off (none has one).
            """,
            valueName: "make|take|off"))
    var requestId = RequestID.Rule.make

    @OptionGroup(title: "Files") var files: StaticOptions
    @OptionGroup(title: "Compression") var compression: CompressionOptions

    func validate() throws {
        let counts = [
            ("max-http-connections", self.maxHttpConnections), ("max-pipelined", self.maxPipelined),
            ("max-request-fields", self.maxRequestFields),
        ]
        for (name, count) in counts where !(1...1_000_000).contains(count) {
            throw ValidationError("--\(name) is \(count); allowed is 1 to 1000000.")
        }
        if let loops = self.loops, !(1...Self.mostLoops).contains(loops) {
            throw ValidationError("--loops is \(loops); allowed is 1 to \(Self.mostLoops).")
        }
        guard self.maxHttpMemory.bytes >= 1 << 20 else {
            throw ValidationError("--max-http-memory is \(self.maxHttpMemory); it is 1M at least.")
        }
        guard (0...1 << 20).contains(self.bodyInline.bytes) else {
            throw ValidationError("--body-inline is \(self.bodyInline); allowed is 0 to 1M.")
        }
        for (name, size) in [("max-request-line", self.maxRequestLine), ("max-request-head", self.maxRequestHead)]
        where !(64...128 << 10).contains(size.bytes) {
            throw ValidationError("--\(name) is \(size); allowed is 64 to 128K.")
        }
        guard (0...1 << 30).contains(self.maxChunkOverhead.bytes) else {
            throw ValidationError("--max-chunk-overhead is \(self.maxChunkOverhead); allowed is 0 to 1G.")
        }
        guard self.noWorkerPatience.milliseconds <= 86_400_000 else {
            throw ValidationError("--no-worker-patience is \(self.noWorkerPatience); a day is the most.")
        }
        guard self.httpTimeout.milliseconds > 0 else { throw ValidationError("--http-timeout is longer than 0.") }
        _ = try self.routes()
    }

    /// What SIGHUP has the server read again.
    ///
    /// - Parameters:
    ///   - path: where these options are in a command.
    ///   - sockets: those of WebSockets.
    ///   - grace: how long requests under way may take when it leaves.
    func parts<Command>(
        _ server: InterfaceServer, _ path: any KeyPath<Command, ServerOptions> & Sendable,
        _ sockets: any KeyPath<Command, SocketOptions> & Sendable, _ grace: LiveSetting<Duration>, logs: LogFormat,
        traces: TracingConfiguration?, access: AccessSink
    ) -> [Reloading<Command>.Part] {
        let hasTLS = !self.tls.httpTlsCertificate.isEmpty
        // Inside of TLS that is offered which was offered when the server began.
        let protocols = self.http2.protocols
        return [
            .init(what: "HTTPS certificates") { command in
                guard hasTLS, let tls = try command[keyPath: path].tls.load(protocols: protocols) else { return nil }
                return { try await server.replaceTLS(tls) }
            },
            .init(what: "log files", how: "opened again") { command in
                let options = command[keyPath: path]
                let file = try options.accessFile()
                guard file != nil || access.hasFile else { return nil }
                return { access.use(file, limit: options.accessLogBuffer.bytes) }
            },
            .init(what: nil) { command in
                let configuration = try command[keyPath: path].settings(
                    with: command[keyPath: sockets], logs: logs, traces: traces, access: access)
                let later = command[keyPath: path].grace.duration
                return {
                    try await server.replaceConfiguration(configuration)
                    grace.value = later
                }
            },
        ]
    }

    /// What may change while a server runs.
    static let changeable: Set<String> = [
        "http-tls-certificate", "http-tls-key", "http-tls-client-ca", "http-tls-client", "http-tls-handshake-timeout",
        "route", "http-timeout", "no-worker-patience", "retry", "head-timeout", "answer-timeout", "body-timeout",
        "min-body-rate", "keep-alive", "client-stall-timeout", "probe-delay", "max-request-line", "max-request-head",
        "max-request-fields", "max-chunk-overhead", "max-request-body", "body-inline", "max-http-connections",
        "max-pipelined", "access-log", "access-log-file", "access-log-buffer", "access-log-format", "request-id",
        "websocket-route", "websocket-overflow",
        "allow-origin", "max-buffered-bodies", "max-http-memory", "max-connections-per-address",
        "proxy-protocol-timeout", "http2-max-streams", "http2-max-resets", "http2-max-control-frames", "grace",
        "websocket-receive-channel", "websocket-connect-timeout", "websocket-max-waiting", "overload-grace",
        "websocket-done-timeout", "max-waiting-disconnects",
    ]

    private static let mostLoops = 256

    /// The event loops of the process, each with a thread of its own.
    ///
    /// - Parameter spared: cores that are left to others, where there are as many and the loops are not counted out.
    func makeLoops(sparing spared: Int = 0) -> any EventLoopGroup {
        let most = min(System.coreCount - spared, Self.mostLoops)
        return MultiThreadedEventLoopGroup(numberOfThreads: self.loops ?? max(1, most))
    }

    /// The channels that requests go to: of each route, and of what has none.
    var channels: [String] {
        let routes = (try? self.routes()) ?? Routes()
        // A route for everything leaves nothing to the fallback.
        let others = routes.best(host: nil, path: "/") == nil ? [RequestRoute.fallback.channel] : []
        return (routes.targets.map(\.channel) + others).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func routes() throws -> Routes<RequestRoute> {
        do {
            return try Routes(self.route)
        } catch {
            throw ValidationError("--route: \(error)")
        }
    }

    /// With certificates; those that cannot be used end the process with 64 and one clear line.
    ///
    /// - Parameters:
    ///   - logs: the format of the process's log.
    ///   - traces: which requests are traced.
    ///   - access: gets the lines of the access log.
    func configuration(
        with sockets: SocketOptions, logs: LogFormat, traces: TracingConfiguration?, access: AccessSink
    ) throws -> ServerConfiguration {
        var configuration = try self.settings(with: sockets, logs: logs, traces: traces, access: access)
        let file = try Process.needing("--access-log-file") { try self.accessFile() }
        access.use(file, limit: self.accessLogBuffer.bytes)
        configuration.tls = try Process.needing(
            "--http-tls-certificate, --http-tls-key, --http-tls-client-ca"
        ) { try self.tls.load(protocols: self.http2.protocols) }
        return configuration
    }

    /// - Throws: when the file cannot be written to.
    private func accessFile() throws -> LineTarget? {
        try self.accessLogFile.map { path throws(LineTarget.Fault) in try LineTarget(appendingTo: path) }
    }

    private func settings(
        with sockets: SocketOptions, logs: LogFormat, traces: TracingConfiguration?, access: AccessSink
    ) throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.sockets = try sockets.configuration()
        configuration.addresses = self.addresses.addresses
        self.proxies.apply(to: &configuration)
        configuration.tlsHandshakeTimeout = self.tls.httpTlsHandshakeTimeout.duration
        configuration.http2 = self.http2.configuration
        configuration.routes = try self.routes()
        configuration.files = try self.files.configuration()
        configuration.compression = self.compression.configuration
        configuration.httpTimeout = .milliseconds(self.httpTimeout.milliseconds)
        configuration.noWorkerPatience = self.noWorkerPatience.duration
        configuration.retry = self.retry.methods
        configuration.headTimeout = .milliseconds(self.headTimeout.milliseconds)
        configuration.bodyTimeout = .milliseconds(self.bodyTimeout.milliseconds)
        configuration.keepAliveTimeout = .milliseconds(self.keepAlive.milliseconds)
        configuration.clientStallTimeout = .milliseconds(self.clientStallTimeout.milliseconds)
        if self.answerTimeout.milliseconds > 0 { configuration.answerTimeout = self.answerTimeout.duration }
        configuration.minBodyRate = self.minBodyRate.bytes
        configuration.probeDelay = self.probeDelay.duration
        configuration.maxRequestLine = self.maxRequestLine.bytes
        configuration.maxRequestHead = self.maxRequestHead.bytes
        configuration.maxRequestFields = self.maxRequestFields
        configuration.maxChunkOverhead = self.maxChunkOverhead.bytes
        configuration.maxRequestBody = self.maxRequestBody.bytes
        configuration.bodyInline = self.bodyInline.bytes
        configuration.maxBufferedBodies = self.maxBufferedBodies.bytes
        configuration.maxMemory = self.maxHttpMemory.bytes
        configuration.maxConnections = self.maxHttpConnections
        configuration.maxPipelined = self.maxPipelined
        configuration.rootPath = self.rootPath
        configuration.requestIDs = self.requestId
        configuration.tracing = traces
        if self.accessLog || self.accessLogFile != nil {
            let format = self.accessLogFormat ?? (logs == .json ? .json : .logfmt)
            configuration.accessLog = AccessLog(format) { access.write($0) }
        }
        return configuration
    }
}

extension AccessFormat: ExpressibleByArgument {}
extension RequestID.Rule: ExpressibleByArgument {}
