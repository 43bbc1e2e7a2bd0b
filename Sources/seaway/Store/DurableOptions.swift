import ArgumentParser
import Logging
import SeawayBroker
import SeawayHub
import SeawayNATS
import SeawayWire

/// Which channels outlive the broker, and who keeps them.
struct DurableOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "NATS servers with JetStream that keep durable channels, with commas between them: nats://a:4222,b:4222,c:4222 "
                + "(seaway store check says whether they can).", valueName: "addresses"))
    var store: StoreAddresses?

    @Option(
        help: ArgumentHelp(
            "Channels of which every message is kept there, and not in memory; first match wins; repeat it, or put commas between.",
            valueName: "pattern"))
    var durable: [PatternsOption] = []

    @Option(help: .time("How long an answer waits for those servers."))
    var storePatience = TimeOption(milliseconds: 2_000)

    @Option(help: .time("How long they are waited for at start."))
    var storeWait = TimeOption(milliseconds: 30_000)

    @Option(help: .count("Answers of one connection that wait for them, or stand behind one that does."))
    var maxPending = 1_000

    @OptionGroup var servers: StoreOptions

    func validate() throws {
        guard (self.store == nil) == self.durable.isEmpty else {
            throw ValidationError("--store and --durable belong together: who keeps channels, and which.")
        }
        guard self.storePatience.milliseconds >= 500 else {
            throw ValidationError("--store-patience is \(self.storePatience); allowed is 500ms and more.")
        }
        guard (1...1_000_000).contains(self.maxPending) else {
            throw ValidationError("--max-pending is \(self.maxPending); allowed is 1 to 1000000.")
        }
        let patterns = self.durable.flatMap(\.patterns)
        if let pattern = patterns.first(where: { $0.description.contains { "!?".contains($0) } }) {
            throw ValidationError("--durable \(pattern): reply channels and mailboxes are never durable.")
        }
        guard Set(patterns).count == patterns.count else {
            throw ValidationError("--durable: a pattern is given twice.")
        }
    }

    /// Limits of a broker that its store, if there is one, was told of when it was started.
    var fixed: Set<String> { self.store == nil ? [] : ["capacity", "once-window", "max-delayed", "max-body"] }

    /// Has a broker keep its durable channels there; does nothing where none are asked for.
    func apply(to configuration: inout BrokerConfiguration, _ broker: BrokerOptions, _ logger: Logger) throws {
        configuration.storePatience = self.storePatience.milliseconds
        configuration.maxPending = self.maxPending
        guard let store = self.store else { return }
        let durables = try self.durable.flatMap(\.patterns).map {
            DurablePattern($0, capacity: try self.capacity(of: $0, broker))
        }
        var wanted = JetStreamStoreConfiguration(
            try self.servers.configuration(store.servers, name: "seaway-broker"), durables: durables)
        wanted.tls = try self.servers.identity()
        wanted.replicas = self.servers.storeReplicas
        // A little less than the broker waits, so that what was surely not kept is told as that.
        wanted.patience = self.storePatience.milliseconds - 200
        wanted.startPatience = self.storeWait.milliseconds
        wanted.maxBody = broker.maxBody.bytes
        wanted.onceWindow = broker.onceWindow.milliseconds
        wanted.maxDelayed = broker.maxDelayed
        configuration.makeStore = { [wanted] eventLoop in
            JetStreamStore(wanted, on: eventLoop) { remark in
                switch remark {
                case .notice(let words): logger.notice("store", metadata: ["says": "\(words)"])
                case .warning(let words): logger.warning("store", metadata: ["says": "\(words)"])
                case .repetition(let words): logger.debug("store", metadata: ["says": "\(words)"])
                }
            }
        }
    }

    /// All channels of a durable pattern have one capacity, since the servers know only one.
    private func capacity(of durable: Pattern, _ broker: BrokerOptions) throws -> Int {
        for option in broker.capacity where !option.pattern.isForMailboxes {
            if option.pattern.covers(durable) { return option.capacity.messages }
            if durable.covers(option.pattern) {
                throw ValidationError(
                    "--capacity \(option.pattern): all channels of --durable \(durable) have one capacity; give "
                        + "--durable \(option.pattern) before it.")
            }
        }
        return 100
    }
}
