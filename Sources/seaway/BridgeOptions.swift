import ArgumentParser
import SeawayBridge

/// Which brokers, how long a bridge may take to leave, and where its counters stand.
struct BridgeBrokerOptions: ParsableArguments {
    @OptionGroup var brokers: LayerOptions

    @Option(help: .time("How long what was taken may still be handed on after SIGTERM."))
    var drain = TimeOption(milliseconds: 10_000)

    @OptionGroup var admin: AdminOptions
}

/// How long the service on the other side may be silent.
struct BridgeServiceOptions: ParsableArguments {
    @Option(
        help: .time("How long the service may take to connect, and for each answer; then the connection is made again.")
    )
    var serviceTimeout = TimeOption(milliseconds: 10_000)

    @Option(help: .time("Silence after which the service is asked for a sign of life."))
    var serviceCheck = TimeOption(milliseconds: 15_000)

    func validate() throws {
        for (option, time) in [("service-timeout", self.serviceTimeout), ("service-check", self.serviceCheck)] {
            guard (1...3_600_000).contains(time.milliseconds) else {
                throw ValidationError("--\(option) is \(time); allowed is 1ms to 1h.")
            }
        }
    }

    var limits: ServiceLimits {
        var limits = ServiceLimits()
        limits.answer = self.serviceTimeout.duration
        limits.quiet = self.serviceCheck.duration
        return limits
    }
}

/// Where messages go, and what is done when there is no room.
struct BridgeTargetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Send to the group of this name; {name} stands for the topic, {1} to {9} for its parts.",
            valueName: "template"))
    var toGroup: String?

    @Option(help: ArgumentHelp("Send to the channel of this name, made in the same way.", valueName: "template"))
    var toChannel: String?

    @Option(help: "Bytes of a topic that no name may hold: escape as _HH, or refuse the message.")
    var illegal = NameTemplate.Illegal.escape

    @Option(help: "Where there is no room, or no broker: wait, or drop and count.")
    var overflow = PumpConfiguration.Overflow.wait

    @Option(help: .count("Messages that wait in the bridge."))
    var queue = 1_000

    @Option(help: .size("Their size in all."))
    var queueBytes = SizeOption(bytes: 16 << 20)

    func validate() throws {
        guard self.toGroup == nil || self.toChannel == nil else {
            throw ValidationError("--to-group and --to-channel: give one of them.")
        }
        guard (1...1_000_000).contains(self.queue) else {
            throw ValidationError("--queue is \(self.queue); allowed is 1 to 1000000.")
        }
        _ = try self.rule()
    }

    /// nil when nothing is to be sent.
    func rule() throws -> DestinationRule? {
        guard let (kind, template, option) = self.asked else { return nil }
        do {
            return try DestinationRule(kind, template, illegal: self.illegal)
        } catch {
            throw ValidationError("--\(option): \(error)")
        }
    }

    /// For sources with topics; nil when nothing is to be sent.
    func intake(json: Bool, _ pump: Pump) throws -> SourceIntake? {
        try self.rule().map { SourceIntake(to: $0, format: json ? .json : .data, pump: pump) }
    }

    /// - Parameter isGiven: whether an option is given that says what to send.
    func belongs(with option: String, _ isGiven: Bool) throws {
        guard (self.asked != nil) == isGiven else {
            throw ValidationError("--to-group or --to-channel, and \(option), belong together.")
        }
    }

    /// For sources without topics.
    func fixedDestination() throws -> Destination? {
        guard let rule = try self.rule(), let option = self.asked?.option else { return nil }
        guard rule.template.isFixed else { throw ValidationError("--\(option): there are no topics here, so no {…}.") }
        return try rule.destination(for: [])
    }

    private var asked: (kind: Destination.Kind, template: String, option: String)? {
        self.toGroup.map { (.group, $0, "to-group") } ?? self.toChannel.map { (.channel, $0, "to-channel") }
    }

    var pump: PumpConfiguration {
        var configuration = PumpConfiguration()
        configuration.messages = self.queue
        configuration.bytes = max(self.queueBytes.bytes, 1)
        configuration.overflow = self.overflow
        return configuration
    }
}

/// Where messages come from, for the way back.
struct BridgeReadingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Hand on what is sent to this group.", valueName: "group"))
    var fromGroup: String?

    @Option(help: ArgumentHelp("Take messages from this channel, as one of its readers.", valueName: "channel"))
    var fromChannel: String?

    func validate() throws {
        guard self.fromGroup == nil || self.fromChannel == nil else {
            throw ValidationError("--from-group and --from-channel: give one of them.")
        }
        for (option, name, point) in [
            ("from-group", self.fromGroup, self.fromGroup.map { ReadingPoint.group($0) }),
            ("from-channel", self.fromChannel, self.fromChannel.map { ReadingPoint.channel($0) }),
        ] where point?.isLegal == false {
            throw ValidationError("--\(option): '\(name ?? "")' is no legal name (A-Z a-z 0-9 - _ .).")
        }
    }

    /// - Parameter isGiven: whether an option is given that says where messages go.
    func belongs(with option: String, _ isGiven: Bool) throws {
        guard (self.point != nil) == isGiven else {
            throw ValidationError("--from-group or --from-channel, and \(option), belong together.")
        }
    }

    /// nil when nothing is to be read.
    var point: ReadingPoint? {
        self.fromGroup.map { .group($0) } ?? self.fromChannel.map { .channel($0) }
    }
}

extension NameTemplate.Illegal: ExpressibleByArgument {}
extension PumpConfiguration.Overflow: ExpressibleByArgument {}
