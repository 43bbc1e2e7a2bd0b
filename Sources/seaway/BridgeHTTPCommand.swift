import ArgumentParser
import Logging
import NIOCore
import SeawayBridge
import SeawayBroker
import SeawayMessage
import SeawayNIO
import SeawayWire

/// `seaway bridge http`
struct BridgeHTTPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http",
        abstract: "Take messages by HTTP: POST /groups/NAME and /channels/NAME, or webhooks; or post what comes.",
        discussion: """
            A body of application/json is the message; text and bytes become {"source":"/path","data":…}. The answer tells what became \
            of it: 202 or 200 with counts, 503 when there is no room or no broker. With --to-group or --to-channel every path is \
            taken, and {name} stands for it. On addresses other than loopback a token or a signature is asked for.

              seaway bridge http --listen 127.0.0.1:8080 --http-token-file token
              curl -H "Authorization: Bearer $(cat token)" -H 'Content-Type: application/json' \\
                  -d '{"text":"hi"}' http://127.0.0.1:8080/groups/liveblog

            --from-group and --from-channel with --post: each message is one POST of application/json, made again where that may help. \
            With --post HTTP is taken only where --listen is given too.

              seaway bridge http --from-group liveblog --post https://example.org/hook --post-hmac-secret-file secret
            """)

    @Option(help: ArgumentHelp("Address for HTTP (default: 127.0.0.1:8080, without --post).", valueName: "host:port"))
    var listen: PlaceOption?

    @Option(help: ArgumentHelp("Who posts must send the first line of this file as bearer token.", valueName: "path"))
    var httpTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Bodies must be signed by HMAC-SHA256 with the first line of this file as secret.", valueName: "path"))
    var hmacSecretFile: String?

    @Option(help: ArgumentHelp("The field with the signature in hexadecimal.", valueName: "name"))
    var hmacHeader = "x-hub-signature-256"

    @Option(
        help: ArgumentHelp(
            "Names of groups and channels that may be posted to; repeat it; all unless given.", valueName: "pattern"))
    var allow: [String] = []

    @Option(help: .size("Largest body."))
    var maxBody = SizeOption(bytes: 1 << 20)

    @Option(help: .count("HTTP connections."))
    var maxHttpConnections = 1_000

    @OptionGroup(title: "Brokers") var broker: BridgeBrokerOptions
    @OptionGroup(title: "To the broker") var target: BridgeTargetOptions
    @OptionGroup(title: "From the broker") var reading: BridgeReadingOptions
    @OptionGroup(title: "To HTTP") var post: BridgePostOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    func validate() throws {
        try self.reading.belongs(with: "--post", self.post.post != nil)
        if let place = try self.place() {
            try self.checkListening(on: .tcp(host: place.host, port: place.port))
        } else {
            try self.checkNotListening()
        }
        guard (0...16 << 20).contains(self.maxBody.bytes) else {
            throw ValidationError("--max-body is \(self.maxBody); allowed is 0 to 16M.")
        }
        guard (1...1_000_000).contains(self.maxHttpConnections) else {
            throw ValidationError("--max-http-connections is \(self.maxHttpConnections); allowed is 1 to 1000000.")
        }
        guard HTTPSignature.isField(self.hmacHeader) else {
            throw ValidationError(
                "--hmac-header is '\(self.hmacHeader)'; allowed is the name of a field (a token of RFC 9110) that means nothing else."
            )
        }
        for pattern in self.allow where Pattern(pattern) == nil {
            throw ValidationError("--allow: '\(pattern)' is no pattern (A-Z a-z 0-9 - _ . and *).")
        }
    }

    /// Where HTTP is taken, if it is.
    private func place() throws -> (host: String, port: Int)? {
        guard let place = self.listen?.place else { return self.post.post == nil ? ("127.0.0.1", 8_080) : nil }
        return (place.host, place.port)
    }

    private func checkListening(on address: Broker.Address) throws {
        guard self.isGuarded || !address.isReachedFromElsewhere else {
            throw ValidationError(
                "--listen \(address) is open to others: give --http-token-file or --hmac-secret-file.")
        }
    }

    private var isGuarded: Bool { self.httpTokenFile != nil || self.hmacSecretFile != nil }

    private func checkNotListening() throws {
        try self.target.belongs(with: "--listen", false)
        guard self.httpTokenFile == nil, self.hmacSecretFile == nil, self.allow.isEmpty else {
            throw ValidationError("--http-token-file, --hmac-secret-file and --allow are for --listen.")
        }
    }

    func run() async throws {
        let run = try await BridgeRun("http", of: self, \Self.log, \Self.broker, self.target)
        var sources: [any BridgeSource] = []
        var parts: [Reloading<Self>.Part] = []
        if let place = try self.place() {
            let bridge = try await self.takeHTTP(place.host, place.port, run)
            sources.append(bridge)
            parts = self.parts(bridge)
        }
        guard let point = self.reading.point, let url = self.post.post else {
            return try await run.run(sources, rereading: Self.changeable, parts)
        }
        let webhook = try self.post.webhook(to: url, signedIn: self.hmacHeader)
        let sender = WebhookSender(webhook, eventLoop: run.eventLoop, tally: run.tally, logger: run.logger)
        sources.append(
            LayerSource(run.layer, point, concurrency: webhook.concurrency, logger: run.logger) {
                await sender.post($0.body)
            })
        do {
            try await run.run(sources, rereading: Self.changeable, parts)
        } catch {
            try await sender.shutdown()
            throw error
        }
        try await sender.shutdown()
    }

    private func takeHTTP(_ host: String, _ port: Int, _ run: BridgeRun<Self>) async throws -> HTTPBridge {
        Descriptors.provide(for: self.maxHttpConnections, option: "max-http-connections", run.logger)
        var configuration = HTTPBridgeConfiguration()
        configuration.rule = try self.rule()
        configuration.maxConnections = self.maxHttpConnections
        let bridge = HTTPBridge(configuration, layer: run.layer, eventLoop: run.eventLoop, tally: run.tally)
        let bound = try await Process.claiming(ListenPlace.text(host, port)) {
            try await bridge.start(host: host, port: port, onlyLoopback: !self.isGuarded, logger: run.logger)
        }
        for address in bound {
            run.logger.info("taking HTTP", metadata: ["address": "\(ListenPlace.text(address))"])
        }
        return bridge
    }

    /// What may change while the bridge runs.
    private static let changeable: Set<String> = ["http-token-file", "hmac-secret-file"]

    /// What SIGHUP has read again of what who posts has to know.
    private func parts(_ bridge: HTTPBridge) -> [Reloading<Self>.Part] {
        guard self.isGuarded else { return [] }
        let (hasToken, hasSecret, field) = (self.httpTokenFile != nil, self.hmacSecretFile != nil, self.hmacHeader)
        return [
            .init(what: "secrets of who posts") { command in
                let token = hasToken ? try command.token() : nil
                let signature = hasSecret ? try command.signature(in: field) : nil
                return { try await bridge.replace(token: token, signature: signature) }
            }
        ]
    }

    private func token() throws -> SharedSecret? {
        try self.httpTokenFile.map { SharedSecret(try Secret.firstLine(of: $0, option: "http-token-file")) }
    }

    private func signature(in field: String) throws -> HTTPSignature? {
        try self.hmacSecretFile.map {
            HTTPSignature(field: field, secret: try Secret.firstLine(of: $0, option: "hmac-secret-file"))
        }
    }

    private func rule() throws -> HTTPIntakeRule {
        var rule = HTTPIntakeRule()
        rule.token = try self.token()
        rule.signature = try self.signature(in: self.hmacHeader)
        rule.maxBody = self.maxBody.bytes
        rule.destinations = try self.target.rule()
        rule.allowed = self.allow.compactMap { Pattern($0) }
        return rule
    }
}
