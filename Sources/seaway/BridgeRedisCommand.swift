import ArgumentParser
import SeawayBridge
import SeawayBroker
import SeawayMessage

/// `seaway bridge redis`
struct BridgeRedisCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redis",
        abstract: "Send what Redis publishes or adds to streams, or the other way round.",
        discussion: """
            --to-group and --to-channel with --subscribe (patterns of pub/sub) or --stream; --from-group and --from-channel with \
            --publish or --append. Streams are read from their end, and after a break from where they were left. What is \
            appended is the field "message" of an entry. What Redis refuses for a while (READONLY, OOM, LOADING and such) waits, in \
            order.

              seaway bridge redis --subscribe 'news.*' --to-group 'redis.{name}'
              seaway bridge redis --stream orders --from-id 0 --to-channel orders
              seaway bridge redis --from-group liveblog --publish liveblog
              seaway bridge redis --from-channel audit --append audit --keep 100000
            """)

    @Option(help: ArgumentHelp("The Redis server: host:port or unix:PATH.", valueName: "address"))
    var redis = AddressOption(.tcp(host: "127.0.0.1", port: 6_379))

    @Option(help: ArgumentHelp("The first line of this file is the password.", valueName: "path"))
    var passwordFile: String?

    @Option(help: ArgumentHelp("Pub/sub channels, by a pattern of Redis; repeat it for more.", valueName: "pattern"))
    var subscribe: [String] = []

    @Option(help: ArgumentHelp("A stream; repeat it for more.", valueName: "name"))
    var stream: [String] = []

    @Option(
        help: ArgumentHelp("Read streams from behind this entry; 0 is all; unless given, what is new.", valueName: "id")
    )
    var fromId: String?

    @Flag(help: "What Redis gives is a message in JSON (of streams: the fields are the message).")
    var json = false

    @Option(help: ArgumentHelp("Publish to this channel of Redis.", valueName: "channel"))
    var publish: String?

    @Option(help: ArgumentHelp("Append to this stream of Redis.", valueName: "name"))
    var append: String?

    @Option(help: ArgumentHelp("About so many entries of that stream are kept.", valueName: "count"))
    var keep = 100_000

    @OptionGroup(title: "Redis") var service: BridgeServiceOptions
    @OptionGroup(title: "Brokers") var broker: BridgeBrokerOptions
    @OptionGroup(title: "To the broker") var target: BridgeTargetOptions
    @OptionGroup(title: "From the broker") var reading: BridgeReadingOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    func validate() throws {
        try self.target.belongs(with: "--subscribe or --stream", !(self.subscribe.isEmpty && self.stream.isEmpty))
        try self.reading.belongs(with: "--publish or --append", self.publish != nil || self.append != nil)
        guard self.subscribe.isEmpty || self.stream.isEmpty else {
            throw ValidationError("--subscribe and --stream: give one of them.")
        }
        if let id = self.fromId {
            guard !self.stream.isEmpty else { throw ValidationError("--from-id is for --stream.") }
            guard RedisStreamID.isLegal(id) else {
                throw ValidationError(
                    "--from-id is '\(id)'; allowed are one or two numbers, such as 0 or 1700000000000-1.")
            }
        }
        guard self.publish == nil || self.append == nil else {
            throw ValidationError("--publish and --append: give one of them.")
        }
        guard self.keep > 0 else { throw ValidationError("--keep is \(self.keep); allowed is 1 and more.") }
        guard !(self.subscribe.isEmpty && self.stream.isEmpty) || self.destination != nil else {
            throw ValidationError("Give --subscribe, --stream, --publish or --append.")
        }
    }

    private var destination: RedisWriter.Destination? {
        self.publish.map { .channel($0) } ?? self.append.map { .stream($0, kept: self.keep) }
    }

    func run() async throws {
        let run = try await BridgeRun("redis", of: self, \Self.log, \Self.broker, self.target)
        let address = RedisAddress(
            self.redis.redis,
            password: try self.passwordFile.map { try Secret.firstLine(of: $0, option: "password-file") },
            limits: self.service.limits)
        var sources: [any BridgeSource] = []
        if let intake = try self.target.intake(json: self.json, run.pump) {
            let positions = self.fromId.map { id in self.stream.map { ($0, Array(id.utf8)) } } ?? []
            sources.append(
                RedisSource(
                    address, self.subscribe.isEmpty ? .streams(self.stream) : .patterns(self.subscribe),
                    positions: Dictionary(positions) { first, _ in first },
                    intake: intake, eventLoop: run.eventLoop, logger: run.logger))
        }
        if let point = self.reading.point, let destination = self.destination {
            let writer = RedisWriter(
                address, to: destination, eventLoop: run.eventLoop, tally: run.tally, logger: run.logger)
            sources.append(
                LayerSource(run.layer, point, logger: run.logger) { await writer.write($0.body) })
        }
        try await run.run(sources)
    }
}

extension AddressOption {
    fileprivate var redis: RedisAddress.Target {
        switch self.address {
        case .tcp(let host, let port), .tls(let host, let port): .tcp(host: host, port: port)
        case .unix(let path): .unix(path: path)
        case .handedOver: preconditionFailure("no service is found by a socket that this process has")
        }
    }
}
