import ArgumentParser
import Logging
import SeawayClient
import SeawayLog
import SeawayMessage
import SeawayWorker
import SystemPackage

/// What somebody has written.
private struct Post {
    let title: String
}

/// The Swift worker of `make demo`: the page, posts to `/swift` and `/any`, and the way to the heavy work. With `--jobs`
/// it is that of `make demo-durable`.
@main
struct DemoWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway-demo-worker", abstract: "Serve the page of the live blog.")

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

    @Option(
        help: ArgumentHelp(
            "Do the jobs of this channel, and acknowledge each, in place of serving the page.", valueName: "channel"))
    var jobs: String?

    func validate() throws {
        do throws(BrokerAddress.NotAnAddress) {
            _ = try self.brokers()
        } catch {
            throw ValidationError("--broker: \(error).")
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
        let logger = Logger.standardError(label: "demo.swift")
        var brokers = ShardedLayerConfiguration(
            brokers: try self.brokers(), clientName: "demo-swift")
        brokers.failover = .milliseconds(self.failover)
        if let tlsCa { brokers.connection.tls = try ClientTLS(authorities: tlsCa) }
        let layer = try brokers.makeLayer(logger: logger)
        let worker = Worker(layer: layer, logger: logger)
        if let jobs {
            worker.on(jobs, acknowledged: true, Self.work)
        } else {
            self.servePage(worker, of: layer, brokers: try self.brokers())
        }
        layer.start()
        // Its consumers compute next to nothing: they run where the connection is.
        try await withTaskExecutorPreference(layer.executor) { try await worker.runService() }
        await layer.shutdown()
    }

    private func servePage(_ worker: Worker, of layer: some ChannelLayer, brokers: [BrokerAddress]) {
        for file in PageFile.all(broker: "\(brokers[0])") {
            worker.on("http.request", method: "GET", path: file.path) { _ in file.response }
        }
        for (channel, path) in [("http.request.swift", "/swift"), ("http.request.any", "/any")] {
            worker.on(channel, method: "GET", path: path) { _ in .text("hello from Swift\n") }
            worker.on(channel, method: "POST", path: path) { request in
                let post = Post(title: "Swift: \(try await request.text())")
                try await layer.group("liveblog").send(["text": .string(post.title)])
                return .text("posted by Swift\n")
            }
        }
        worker.on("http.request.bigdata", at: "/bigdata", Self.passOn)
    }

    /// Does a job, and says so in a line: its number, and how many times it has been given out.
    private static func work(_ message: IncomingMessage) async throws {
        guard let number = message["number"]?.int else { throw Dead("a job has a number") }
        try await Task.sleep(for: .milliseconds(20))
        try FileDescriptor.standardOutput.writeAll("\(number) \(message.times)\n".utf8)
    }

    /// Gives heavy work to whoever listens for it, with the request's own reply channel: the answer takes no way back.
    private static func passOn(_ message: IncomingMessage) async throws {
        let fields = FormFields(String(decoding: message["body"]?.bytes ?? [], as: UTF8.self))
        guard let limit = fields["limit"].flatMap({ Int($0) }), (1...50_000_000).contains(limit) else {
            return try await message.reply(["status": 422, "content": "limit is a number from 1 to 50000000\n"])
        }
        let work: Message = ["limit": .int(Int64(limit)), "job": .string(fields["job"] ?? "")]
        try await message.handOn(work, to: "bigdata.process")
    }
}
