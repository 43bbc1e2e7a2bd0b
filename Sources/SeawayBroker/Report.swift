import SeawayHub
import SeawayMessage
import SeawayStore
import SeawayWire

/// The JSON maps behind `DATA`: looking without touching (Q1 to Q4).
enum Report {
    /// Bodies of more bytes are not shown in `PEEK` (Q3).
    static let mostShown = 65_536
    /// An answer ends early rather than grow beyond this (Q3).
    static let mostInAll = 1 << 20

    static func members(of group: Name, _ page: Request.Page, _ core: BrokerCore) -> [UInt8] {
        var json = JSONWriter()
        json.beginMap()
        json.key("group")
        json.string(group.description)
        json.key("total")
        json.int(core.hub.memberCount(of: group))
        let members = core.hub.members(of: group, after: page.afterName, most: page.limit)
        Self.list("members", members, name: \.description, &json) { name, json in json.string(name.description) }
        json.endMap()
        return json.bytes
    }

    static func peek(at channel: Name, _ page: Request.Page, _ core: BrokerCore) throws(WireRefusal) -> [UInt8] {
        let first = try Self.position(page)
        let waiting = core.hub.waiting(on: channel, from: first, most: page.limit, now: core.now)
        let report = core.hub.report(on: channel, now: core.now)
        var json = JSONWriter()
        json.beginMap()
        json.key("channel")
        json.string(channel.description)
        json.entry("messages", report.messages)
        json.entry("bytes", report.bytes)
        json.entry("readers", report.readers)
        json.key("paused")
        json.bool(report.isPaused)
        json.key("head")
        json.beginList()
        var shown = 0
        while shown < waiting.rows.count, json.bytes.count < Self.mostInAll {
            Self.write(waiting.rows[shown], core, &json)
            shown += 1
        }
        json.endList()
        if shown < waiting.rows.count || waiting.hasMore {
            json.key("next")
            json.string("\(first + shown)")
        }
        core.hub.work += json.bytes.count * Work.byte
        json.endMap()
        return json.bytes
    }

    static func position(_ page: Request.Page) throws(WireRefusal) -> Int {
        guard let after = page.after else { return 0 }
        guard let position = Decimal.parse(after, upTo: 1_000_000_000) else {
            throw .option("after is a position: the next of the page before")
        }
        return position
    }

    private static func write(_ message: Hub.WaitingMessage, _ core: BrokerCore, _ json: inout JSONWriter) {
        json.beginMap()
        json.entry("age", message.age)
        json.key("left")
        if let left = message.left { json.int(left) } else { json.null() }
        if message.times > 0 { json.entry("times", message.times) }
        if let death = message.death {
            Self.write(death.cause.rawValue, death.times, core.now - death.at, death.why, &json)
        }
        json.entry("bytes", message.size)
        let body = core.bodies[message.body]
        Self.write(body.bytes, body.format, &json)
        json.endMap()
    }

    /// Why a message was given up, and how long ago, in milliseconds.
    static func write(_ cause: String, _ times: Int, _ since: Int, _ why: String?, _ json: inout JSONWriter) {
        json.key("dead")
        json.string(cause)
        json.entry("tries", times)
        json.entry("since", since)
        guard let why else { return }
        json.key("why")
        json.string(why)
    }

    static func write(_ body: [UInt8], _ format: BodyFormat, _ json: inout JSONWriter) {
        json.key("message")
        if body.count > Self.mostShown {
            json.null()
        } else if format == .json {
            json.raw(body.span)
        } else {
            json.raw(Translation.json(fromMessagePack: body.span).span)
        }
    }

    static func page(of kind: Request.StatisticsKind, _ page: Request.Page, _ core: BrokerCore) -> [UInt8] {
        var json = JSONWriter()
        json.beginMap()
        switch kind {
        case .channels:
            let reports = core.hub.channelReports(after: page.afterName, most: page.limit, now: core.now)
            Self.list(kind.rawValue, reports, name: \.name.description, &json, write: Self.write)
        case .groups:
            let reports = core.hub.groupReports(after: page.afterName, most: page.limit)
            Self.list(kind.rawValue, reports, name: \.name.description, &json) { group, json in
                json.beginMap()
                json.key("name")
                json.string(group.name.description)
                json.entry("members", group.members)
                json.endMap()
            }
        case .connections:
            let endpoints = core.endpoints(after: page.after, most: page.limit)
            Self.list(kind.rawValue, endpoints, name: { "\($0.id)" }, &json) { Self.write($0, core, &$1) }
        }
        json.endMap()
        return json.bytes
    }

    static func write(_ channel: Hub.ChannelReport, _ json: inout JSONWriter) {
        json.beginMap()
        json.key("name")
        json.string(channel.name.description)
        json.entry("messages", channel.messages)
        json.entry("bytes", channel.bytes)
        json.entry("oldest", channel.oldest ?? 0)
        json.entry("readers", channel.readers)
        json.entry("credit", channel.credit)
        json.key("paused")
        json.bool(channel.isPaused)
        json.entry("in", channel.in)
        json.entry("out", channel.out)
        json.entry("dropped", channel.dropped)
        if channel.held > 0 { json.entry("held", channel.held) }
        if channel.delayed > 0 { json.entry("delayed", channel.delayed) }
        json.endMap()
    }

    private static func write(_ endpoint: any Endpoint, _ core: BrokerCore, _ json: inout JSONWriter) {
        json.beginMap()
        json.key("id")
        json.string("\(endpoint.id)")
        json.key("client")
        if let client = endpoint.clientName { json.string(client) } else { json.null() }
        if let token = endpoint.tokenName {
            json.key("token")
            json.string(token)
        }
        if let address = endpoint.address {
            json.key("address")
            json.string(address)
        }
        if let since = endpoint.connectedAt { json.entry("age", core.now - since) }
        json.entry("names", core.hub.listening(of: endpoint.id).names)
        json.entry("unread", endpoint.unread)
        json.endMap()
    }

    /// Writes one page, and where the next begins.
    static func list<Row>(
        _ key: String, _ page: Hub.Page<Row>, name: (Row) -> String, _ json: inout JSONWriter,
        write: (Row, inout JSONWriter) -> Void
    ) {
        json.key(key)
        json.beginList()
        for row in page.rows { write(row, &json) }
        json.endList()
        if page.hasMore, let last = page.rows.last {
            json.key("next")
            json.string(name(last))
        }
    }
}

extension Request.Page {
    fileprivate var afterName: Name? { self.after.map { Name(checked: Array($0.utf8)) } }
}

extension Report {
    /// The broker as a whole.
    static func totals(_ core: BrokerCore) -> [UInt8] {
        let hub = core.hub
        let totals = hub.totals
        var json = JSONWriter()
        json.beginMap()
        json.key("epoch")
        json.string(core.epoch)
        json.entry("uptime", core.now - core.startedAt)
        json.entry("connections", core.endpointCount)
        json.entry("channels", totals.channels)
        json.entry("groups", totals.groups)
        json.entry("memberships", totals.memberships)
        json.entry("watches", totals.watches)
        json.entry("tails", hub.tails)
        json.entry("mailboxes", totals.mailboxes)
        json.entry("closed", totals.closed)
        json.entry("messages", hub.queuedMessages)
        json.entry("bytes", hub.queuedBytes)
        json.entry("held", hub.heldMessages)
        json.entry("delayed", hub.delayedMessages)
        json.entry("keys", hub.keys)
        json.entry("pending", core.pendingAnswers)
        json.entry("memory", hub.memoryInAll)
        Self.parts(hub.memoryParts, &json)
        Self.limits(core.configuration, &json)
        let counters = hub.counters
        json.entry("accepted", core.counters.accepted)
        json.entry("failed-handshakes", core.counters.failedHandshakes)
        json.entry("accept-failures", core.counters.acceptFailures)
        json.entry("put-off", core.counters.putOff)
        json.entry("sent", counters.sent)
        json.entry("delivered", counters.delivered)
        json.entry("stored", counters.stored)
        json.entry("acknowledged", counters.acknowledged)
        json.entry("returned", counters.returned)
        json.entry("dead", counters.dead)
        json.entry("repeated", counters.repeated)
        json.entry("reported", counters.reported)
        json.entry("unreported", counters.unreported)
        json.entry("group-full", counters.groupFull)
        json.entry("told", counters.told)
        json.entry("untold", counters.untold)
        json.entry("copied", core.counters.copied)
        json.entry("missed", core.counters.missed)
        json.entry("log-dropped", core.configuration.droppedLogLines())
        json.counts("refused", WireCode.allCases.map { ($0.rawValue, core.counters.refused[$0]) })
        json.counts("dropped", HubCounters.Drop.allCases.map { ($0.rawValue, counters.dropped[$0]) })
        json.counts("ended", EndReason.allCases.map { ($0.rawValue, core.counters.ended[$0]) })
        json.counts("bounds", Bound.allCases.map { ($0.rawValue, Self.met($0, core)) })
        Self.write(hub.waits, delivered: counters.delivered, &json)
        if let store = core.store { Self.write(store, core.storeState, &json) }
        json.endMap()
        return json.bytes
    }

    /// How long messages waited in queues; those that were handed out at once have not.
    private static func write(_ waits: WaitTimes, delivered: Int, _ json: inout JSONWriter) {
        var counts = waits.counts
        counts[0] += max(0, delivered - counts.reduce(0, +))
        json.key("waits")
        json.beginMap()
        json.list("bounds", WaitTimes.bounds)
        json.list("counts", counts)
        json.entry("sum", waits.sum)
        json.endMap()
    }

    /// What the memory is taken by (M1).
    private static func parts(_ parts: MemoryParts, _ json: inout JSONWriter) {
        json.key("memory-of")
        json.beginMap()
        json.entry("messages", parts.messages)
        json.entry("tables", parts.tables)
        json.entry("input", parts.input)
        json.entry("output", parts.output)
        json.entry("connections", parts.connections)
        json.endMap()
    }

    /// How often a bound was met; `nil`: never.
    private static func met(_ bound: Bound, _ core: BrokerCore) -> Int? {
        let counters = core.hub.counters
        let count =
            switch bound {
            case .expiry: counters.dropped[.expired]
            case .mailboxGrace: counters.lapsed
            case .maxClosed: core.hub.forgottenClosed
            case .maxHeld: counters.laden
            case .hold: counters.overdue
            case .tries: counters.worn
            default: core.counters.bounds[bound]
            }
        return count == 0 ? nil : count
    }

    private static func limits(_ configuration: BrokerConfiguration, _ json: inout JSONWriter) {
        json.key("limits")
        json.beginMap()
        json.entry("max-body", configuration.limits.maxBody)
        json.entry("max-memory", configuration.hub.maxMemory)
        json.entry("max-connections", configuration.maxConnections)
        json.entry("max-strangers", configuration.mostStrangers)
        json.entry("connection-share", configuration.hub.shares.connection.percent)
        json.entry("address-share", configuration.hub.shares.address.percent)
        json.entry("token-share", configuration.hub.shares.token.percent)
        json.entry("max-channels", configuration.hub.maxChannels)
        json.entry("max-groups", configuration.hub.maxGroups)
        json.entry("max-members", configuration.hub.maxMembers)
        json.entry("max-watches", configuration.hub.maxWatches)
        json.entry("max-tails", configuration.hub.maxTails)
        json.entry("max-names", configuration.hub.maxNames)
        json.entry("max-held", configuration.hub.maxHeld)
        json.entry("max-delayed", configuration.hub.maxDelayed)
        json.entry("max-keys", configuration.hub.maxKeys)
        json.entry("hold", configuration.hub.hold)
        json.entry("return", configuration.hub.returnDelay)
        json.entry("once-window", configuration.hub.onceWindow)
        json.entry("max-closed", configuration.hub.maxClosed)
        json.entry("max-lingering", configuration.maxLingering)
        json.entry("max-unread", configuration.maxUnread)
        json.entry("mailbox-grace", configuration.hub.mailboxGrace)
        json.entry("frame-timeout", configuration.frameTimeout)
        json.entry("unread-timeout", configuration.unreadTimeout)
        json.entry("idle-timeout", configuration.idleTimeout)
        json.entry("linger-timeout", configuration.lingerTimeout)
        json.entry("login-delay", configuration.loginDelay)
        json.entry("max-pending", configuration.maxPending)
        json.entry("store-patience", configuration.storePatience)
        json.endMap()
    }
}

extension JSONWriter {
    mutating func entry(_ key: String, _ number: Int) {
        self.key(key)
        self.int(number)
    }

    fileprivate mutating func list(_ key: String, _ numbers: [Int]) {
        self.key(key)
        self.beginList()
        for number in numbers { self.int(number) }
        self.endList()
    }

    /// A map of those counters that are not 0.
    fileprivate mutating func counts(_ key: String, _ counts: [(String, Int?)]) {
        self.key(key)
        self.beginMap()
        for case (let name, let count?) in counts { self.entry(name, count) }
        self.endMap()
    }
}
