import ArgumentParser
import Logging
import NIOCore
import SeawayBridge
import SeawayBroker
import SeawayWire

/// `seaway bridge http`
struct BridgeHTTPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http",
        abstract: "Take messages by HTTP: POST /groups/NAME and /channels/NAME, or webhooks.",
        discussion: """
            A body of application/json is the message; text and bytes become {"source":"/path","data":…}. The answer tells what became \
            of it: 202 or 200 with counts, 503 when there is no room or no broker. With --to-group or --to-channel every path is \
            taken, and {name} stands for it. On addresses other than loopback a token or a signature is asked for.

              seaway bridge http --listen 127.0.0.1:8080 --http-token-file token
              curl -H "Authorization: Bearer $(cat token)" -H 'Content-Type: application/json' \\
                  -d '{"text":"hi"}' http://127.0.0.1:8080/groups/liveblog
            """)

    @Option(help: ArgumentHelp("Address for HTTP.", valueName: "host:port"))
    var listen = AddressOption(.tcp(host: "127.0.0.1", port: 8_080))

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
    @OptionGroup(title: "Log") var log: LogOptions

    func validate() throws {
        guard case .tcp(let host, _) = self.listen.address else {
            throw ValidationError("--listen is \(self.listen.address); allowed is HOST:PORT.")
        }
        let isLocal = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        guard isLocal || self.httpTokenFile != nil || self.hmacSecretFile != nil else {
            throw ValidationError("--listen \(host) is open to others: give --http-token-file or --hmac-secret-file.")
        }
        guard (0...16 << 20).contains(self.maxBody.bytes) else {
            throw ValidationError("--max-body is \(self.maxBody); allowed is 0 to 16M.")
        }
        guard (1...1_000_000).contains(self.maxHttpConnections) else {
            throw ValidationError("--max-http-connections is \(self.maxHttpConnections); allowed is 1 to 1000000.")
        }
        for pattern in self.allow where Pattern(pattern) == nil {
            throw ValidationError("--allow: '\(pattern)' is no pattern (A-Z a-z 0-9 - _ . and *).")
        }
    }

    func run() async throws {
        guard case .tcp(let host, let port) = self.listen.address else { return }
        let run = try await BridgeRun("http", self.broker, self.target, self.log)
        var configuration = HTTPBridgeConfiguration()
        configuration.rule = try self.rule()
        configuration.maxConnections = self.maxHttpConnections
        let bridge = HTTPBridge(configuration, layer: run.layer, eventLoop: run.eventLoop, tally: run.tally)
        let bound = try await Process.claiming(self.listen.address.description) {
            try await bridge.start(host: host, port: port)
        }
        run.logger.info("taking HTTP", metadata: ["address": "\(bound.ipAddress ?? "?"):\(bound.port ?? 0)"])
        try await run.run([bridge])
    }

    private func rule() throws -> HTTPIntakeRule {
        var rule = HTTPIntakeRule()
        rule.token = try self.httpTokenFile.map {
            SharedSecret(try Secret.firstLine(of: $0, option: "http-token-file"))
        }
        rule.signature = try self.hmacSecretFile.map {
            HTTPSignature(field: self.hmacHeader, secret: try Secret.firstLine(of: $0, option: "hmac-secret-file"))
        }
        rule.maxBody = self.maxBody.bytes
        rule.destinations = try self.target.rule()
        rule.allowed = self.allow.compactMap { Pattern($0) }
        return rule
    }
}
