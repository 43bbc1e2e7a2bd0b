import ArgumentParser
import Logging
import SeawayClient
import SeawayLog
import SeawayWorker

/// A worker that accepts every WebSocket and sends back what comes: for `make conformance`, `make bench` and tests.
/// With `--bodies` it takes and makes bodies of any size too.
@main
struct EchoWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway-echo-worker", abstract: "Accept WebSockets and send back what they say.")

    @Option(
        help: ArgumentHelp(
            "A broker: host:port, tls://host:port or unix:PATH; repeat it for all of several (default: SEAWAY_BROKER, else \(BrokerAddress.local)).",
            valueName: "address"))
    var broker: [String] = []

    @Option(
        help:
            "Authorities that vouch for brokers at tls:// addresses, in PEM. (A token is in the environment: SEAWAY_TOKEN.)"
    )
    var tlsCa: String?

    @Option(help: "Milliseconds of silence after which a broker is taken for dead.")
    var failover = 2_000

    @Option(help: "A group that every socket is put into.")
    var group: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Take each socket's messages one at a time, and so send them back in order; or as many at once as come.")
    var serial = true

    @Flag(help: "Keep each socket at the worker that has accepted it.")
    var sticky = false

    @Flag(help: "Say also how many bytes a POST to /count has, and answer GET /down/N with N times 64 KiB.")
    var bodies = false

    @Option(help: "Messages worked on at a time.")
    var concurrency = 64

    @Option(help: "Where WebSockets come in.")
    var websocket = "websocket.connect"

    @Option(help: "A channel whose HTTP requests get their bodies back; with ?pieces=N in N pieces, 20 ms apart.")
    var http: String?

    @Option(help: "Milliseconds that the work on each message takes.")
    var pause = 0

    func validate() throws {
        do throws(BrokerAddress.NotAnAddress) {
            _ = try self.brokers()
        } catch {
            throw ValidationError("--broker: \(error).")
        }
        guard (1...65_536).contains(self.concurrency) else {
            throw ValidationError("--concurrency is \(self.concurrency); allowed is 1 to 65536.")
        }
        guard (0...60_000).contains(self.pause) else {
            throw ValidationError("--pause is \(self.pause); allowed is 0 to 60000.")
        }
    }

    /// Those of the options, else those of the environment, else the one of this machine.
    private func brokers() throws(BrokerAddress.NotAnAddress) -> [BrokerAddress] {
        var brokers: [BrokerAddress] = []
        for text in self.broker { brokers.append(try BrokerAddress(checking: text)) }
        if brokers.isEmpty { brokers = try BrokerAddress.fromEnvironment() }
        return brokers.isEmpty ? [.local] : brokers
    }

    func run() async throws {
        let logger = Logger.standardError(label: "echo")
        var brokers = ShardedLayerConfiguration(
            brokers: try self.brokers(), clientName: "echo")
        brokers.failover = .milliseconds(self.failover)
        if let tlsCa { brokers.connection.tls = try ClientTLS(authorities: tlsCa) }
        let layer = try brokers.makeLayer(logger: logger)
        let worker = Worker(layer: layer, concurrency: self.concurrency, logger: logger)
        let group = self.group
        let pause = Duration.milliseconds(self.pause)
        worker.onWebSocket(channel: self.websocket, serial: self.serial, sticky: self.sticky) { socket, _ in
            if let group { try await socket.join(group) }
            return .accept()
        } receive: { message, socket in
            if pause > .zero { try await Task.sleep(for: pause) }
            try await socket.send(message)
        }
        if self.bodies { Self.serveBodies(worker) }
        if let http {
            worker.on(http, path: "/*") { request in
                if pause > .zero { try await Task.sleep(for: pause) }
                return try await Self.echo(request)
            }
        }
        layer.start()
        try await worker.runService()
        await layer.shutdown()
    }

    private static func serveBodies(_ worker: Worker) {
        worker.on("http.request", method: "POST", path: "/count") { request in
            var size = 0
            for try await piece in request.body { size += piece.count }
            return .text("\(size)")
        }
        worker.on("http.request", method: "GET", path: "/down/{blocks}") { request in
            guard let blocks = Int(request.parameters["blocks"] ?? ""), blocks >= 0 else {
                return .text("Not Found\n", status: 404)
            }
            return .stream { writer in
                let block = [UInt8](repeating: 0, count: 65_536)
                for _ in 0..<blocks { try await writer.write(block) }
            }
        }
    }

    private static func echo(_ request: HTTPRequest) async throws -> HTTPResponse {
        if request.header("content-type")?.hasPrefix("multipart/") == true { return try Self.parts(of: request) }
        let content = try await request.body.collect()
        guard let pieces = request.query["pieces"].flatMap({ Int($0) }), (1...1_000).contains(pieces) else {
            return HTTPResponse(content: content)
        }
        return .stream { writer in
            let size = max(1, (content.count + pieces - 1) / pieces)
            for start in stride(from: 0, to: content.count, by: size) {
                try await writer.write(Array(content[start..<min(content.count, start + size)]))
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Each part of a form, behind a line that says what it is.
    private static func parts(of request: HTTPRequest) throws -> HTTPResponse {
        let form = try request.multipart()
        return .stream { writer in
            for try await part in form {
                try await writer.write("\(part.name) \(part.filename ?? "-")\n")
                for try await piece in part.body { try await writer.write(piece) }
                try await writer.write("\n")
            }
        }
    }
}
