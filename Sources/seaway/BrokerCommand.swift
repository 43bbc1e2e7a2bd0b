import ArgumentParser
import Logging
import NIOPosix
import SeawayAdmin
import SeawayBroker
import ServiceLifecycle

/// `seaway broker`
struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Keep named channels for clients of the wire protocol.",
        discussion: """
            Messages live in memory, and a restart loses them, but for those of durable channels, which NATS JetStream keeps \
            (protocol/DURABLE.md). Without --tokens whoever reaches an address may do everything, so it \
            listens on Unix sockets and loopback addresses only. SIGHUP has its configuration file (seaway help config), tokens and \
            certificates read again.

              seaway broker
              seaway broker --unix-socket /run/seaway.sock --capacity 'http.request=1000'
              seaway broker --admin 127.0.0.1:9411           the console at http://127.0.0.1:9411/
              seaway broker --store nats://a:4222,b:4222,c:4222 --durable 'jobs.*'
              seaway broker --tokens tokens --listen tls://0.0.0.0:7411 --tls-certificate broker.pem --tls-key broker.key

            By hand: printf 'SEND :- chat.log {"text":"hi"}\\n' | nc -N 127.0.0.1 7411

            Times are written 500ms, 30s, 5m or 1h; bytes 65536, 64K, 2M or 1G.
            """)

    @OptionGroup var listeners: ListenerOptions
    @OptionGroup(title: "Limits") var broker: BrokerOptions
    @OptionGroup(title: "Durable channels") var durable: DurableOptions
    @OptionGroup(title: "Looking at it") var admin: AdminOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    private var changeable: Set<String> {
        BrokerOptions.changeable.union(ListenerOptions.changeable).union(AdminOptions.changeable)
            .subtracting(self.durable.fixed)
    }

    func run() async throws {
        let signals = await Process.catchSignals()
        let logger = self.log.logger("seaway.broker")
        self.broker.provideDescriptors(besides: 0, logger)
        let configuration = try self.listeners.configuration(of: self.broker, self.durable, logger)
        let broker = try await Process.storing {
            try await Broker.make(
                configuration: configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        }
        let address = try await self.listeners.open(broker, logger)
        let admin = try await self.admin.open(.broker, logger) { loop, site in
            site.watch(broker, at: address, on: loop)
        }
        let drain = LiveSetting(self.broker.drain.milliseconds)
        let reloading = Reloading(
            self, log: \Self.log, changeable: self.changeable,
            self.listeners.parts(broker, \Self.listeners, \Self.broker, drain) + admin.parts { $0.admin }, logger)
        try await Process.run(
            admin.first + [BrokerService(broker: broker, drain: drain, logger: logger)] + admin.last,
            until: signals, logger, reload: reloading.run)
    }
}

/// Runs until the process is told to leave, then drains.
struct BrokerService: Service {
    let broker: Broker
    /// Milliseconds.
    let drain: LiveSetting<Int>
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        let drain = self.drain.value
        self.logger.info("leaving", metadata: ["drain": "\(drain) ms"])
        try await self.broker.shutDown(within: drain)
        self.logger.info("left")
    }
}
