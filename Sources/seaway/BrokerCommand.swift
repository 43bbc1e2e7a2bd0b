import ArgumentParser
import Logging
import NIOPosix
import SeawayBroker
import ServiceLifecycle

/// `seaway broker`
struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Keep named channels for clients of the wire protocol.",
        discussion: """
            Messages live in memory: a restart loses them. Without --tokens whoever reaches an address may do everything, so it \
            listens on Unix sockets and loopback addresses only. SIGHUP reads the file of tokens again.

              seaway broker
              seaway broker --unix-socket /run/seaway.sock --capacity 'http.request=1000'

            By hand: printf 'SEND :- chat.log {"text":"hi"}\\n' | nc -N 127.0.0.1 7411

            Times are written 500ms, 30s, 5m or 1h; bytes 65536, 64K, 2M or 1G.
            """)

    @OptionGroup var listeners: ListenerOptions
    @OptionGroup(title: "Limits") var broker: BrokerOptions
    @OptionGroup(title: "Log") var log: LogOptions

    func run() async throws {
        let signals = await Process.catchSignals()
        let logger = self.log.logger("seaway.broker")
        let tokens = await TokenFile.catchingReloads(self.listeners.tokens, logger)
        let broker = try await Broker.make(
            configuration: self.broker.configuration(with: try tokens?.read()),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        try await self.listeners.open(broker, logger)
        try await Process.run(
            (tokens.map { [TokenService(broker: broker, file: $0)] } ?? [])
                + [BrokerService(broker: broker, drain: self.broker.drain.milliseconds, logger: logger)],
            until: signals, logger)
    }
}

/// Where a broker listens.
struct ListenerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "TCP address for clients; repeat it for more; 127.0.0.1:7411 unless any is given.", valueName: "host:port"))
    var listen: [AddressOption] = []

    @Option(help: ArgumentHelp("Unix socket for clients; repeat it for more.", valueName: "path"))
    var unixSocket: [String] = []

    @Option(
        help: ArgumentHelp(
            "Who may do what, a token a line (seaway token add makes them); read again at SIGHUP. Without it: everybody everything, on this machine.",
            valueName: "file"))
    var tokens: String?

    func validate() throws {
        guard self.tokens == nil, let open = self.addresses.first(where: \.isReachedFromElsewhere) else { return }
        throw ValidationError(
            "--listen \(open) is reached from other machines, where everybody could do everything: give --tokens FILE (seaway help token add).")
    }

    /// TCP at 127.0.0.1:7411 unless something else is asked for.
    var addresses: [Broker.Address] {
        let asked = self.listen.map(\.address) + self.unixSocket.map { Broker.Address.unix(path: $0) }
        return asked.isEmpty ? [.tcp(host: "127.0.0.1", port: 7_411)] : asked
    }

    func open(_ broker: Broker, _ logger: Logger) async throws {
        for address in self.addresses {
            let bound = try await Process.claiming(address.description) { try await broker.listen(on: address) }
            logger.info("listening", metadata: ["address": "\(bound)"])
        }
    }
}

/// Runs until the process is told to leave, then drains.
struct BrokerService: Service {
    let broker: Broker
    let drain: Int
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        self.logger.info("leaving", metadata: ["drain": "\(self.drain) ms"])
        try await self.broker.shutDown(within: self.drain)
        self.logger.info("left")
    }
}
