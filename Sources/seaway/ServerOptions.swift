import ArgumentParser
import Logging
import SeawayNIO
import SeawayServer

/// Every bound of an interface server as an option; the names are those of INTERFACE.md.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address for HTTP and WebSocket; * stands for all addresses.", valueName: "host:port"))
    var http = PlaceOption(ListenPlace(host: "127.0.0.1", port: 8_000))

    @Option(
        help: ArgumentHelp(
            "Channel for requests whose path begins so; longest prefix wins, default http.request; repeat it.",
            valueName: "[host]/prefix=channel"))
    var route: [String] = []

    @OptionGroup var tls: HTTPTLSOptions
    @OptionGroup var http2: HTTP2Options

    @Option(help: .time("How long a request may wait for its answer."))
    var httpTimeout = TimeOption(milliseconds: 120_000)

    @Option(help: .time("How long the head of a request may take."))
    var headTimeout = TimeOption(milliseconds: 30_000)

    @Option(help: .time("How long the body of a request may take."))
    var bodyTimeout = TimeOption(milliseconds: 120_000)

    @Option(help: .time("How long a connection may stay without a request."))
    var keepAlive = TimeOption(milliseconds: 75_000)

    @Option(help: .time("How long a client may take nothing of its answer."))
    var clientStallTimeout = TimeOption(milliseconds: 60_000)

    @Option(help: .size("Largest body of a request."))
    var maxRequestBody = SizeOption(bytes: 1 << 20)

    @Option(help: .size("Bodies that are being received, in all."))
    var maxBufferedBodies = SizeOption(bytes: 256 << 20)

    @Option(help: .count("HTTP connections, WebSockets included."))
    var maxHttpConnections = 10_000

    @Option(help: .count("Requests of one connection under way."))
    var maxPipelined = 16

    @Option(help: ArgumentHelp("Where the site is mounted: root_path in the messages.", valueName: "path"))
    var rootPath = ""

    @Option(help: .time("How long requests under way may take after SIGTERM."))
    var grace = TimeOption(milliseconds: 10_000)

    @Flag(help: "One log line for each request.")
    var accessLog = false

    func validate() throws {
        for (name, count) in [("max-http-connections", self.maxHttpConnections), ("max-pipelined", self.maxPipelined)]
        where !(1...1_000_000).contains(count) {
            throw ValidationError("--\(name) is \(count); allowed is 1 to 1000000.")
        }
        guard (0...1 << 20).contains(self.maxRequestBody.bytes) else {
            throw ValidationError("--max-request-body is \(self.maxRequestBody); allowed is 0 to 1M.")
        }
        guard self.httpTimeout.milliseconds > 0 else { throw ValidationError("--http-timeout is longer than 0.") }
        _ = try self.routes()
    }

    /// What SIGHUP has the server read again.
    func reloading(_ server: InterfaceServer, _ logger: Logger) -> HTTPReloading {
        HTTPReloading(server: server, tls: self.tls, protocols: self.http2.protocols, logger: logger)
    }

    private func routes() throws -> Routes<RequestRoute> {
        do {
            return try Routes(self.route)
        } catch {
            throw ValidationError("--route: \(error)")
        }
    }

    func configuration(with sockets: SocketOptions) throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.sockets = try sockets.configuration()
        configuration.host = self.http.place.host
        configuration.port = self.http.place.port
        configuration.tls = try Process.needing(
            "--http-tls-certificate, --http-tls-key, --http-tls-client-ca"
        ) { try self.tls.load(protocols: self.http2.protocols) }
        configuration.tlsHandshakeTimeout = self.tls.httpTlsHandshakeTimeout.duration
        configuration.http2 = self.http2.configuration
        configuration.routes = try self.routes()
        configuration.httpTimeout = .milliseconds(self.httpTimeout.milliseconds)
        configuration.headTimeout = .milliseconds(self.headTimeout.milliseconds)
        configuration.bodyTimeout = .milliseconds(self.bodyTimeout.milliseconds)
        configuration.keepAliveTimeout = .milliseconds(self.keepAlive.milliseconds)
        configuration.clientStallTimeout = .milliseconds(self.clientStallTimeout.milliseconds)
        configuration.maxRequestBody = self.maxRequestBody.bytes
        configuration.maxBufferedBodies = self.maxBufferedBodies.bytes
        configuration.maxConnections = self.maxHttpConnections
        configuration.maxPipelined = self.maxPipelined
        configuration.rootPath = self.rootPath
        configuration.accessLog = self.accessLog
        return configuration
    }
}
