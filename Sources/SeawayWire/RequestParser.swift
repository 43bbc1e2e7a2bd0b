/// Why a line is no request.
package enum RequestError: Error, Hashable, Sendable {
    /// Answered with `ERR`; the connection lives.
    case refused(WireRefusal)
    /// It cannot even be refused: the connection ends.
    case ends(StreamError)
}

extension Request {
    /// Reads the words of a line.
    ///
    /// Of several refusals the first in the order of A4 is thrown.
    ///
    /// - Parameters:
    ///   - line: without its end and without a body by hand.
    ///   - shape: what the parser found; only whether there is a body matters here.
    /// - Complexity: O(line length).
    package init(line: Span<UInt8>, shape: FrameShape) throws(RequestError) {
        var words = Words()
        guard let verbRange = words.next(in: line), let verb = Verb(line.extracting(verbRange)) else {
            throw .refused(.unknown)
        }
        do throws(WireRefusal) {
            let said = shape.hasBody || shape.lacksBody
            guard said == verb.takesBody else {
                throw .args(said ? "\(verb.rawValue) takes no body" : "\(verb.rawValue) takes a body: :SIZE first")
            }
            // The size is no argument.
            if said { _ = words.next(in: line) }
            var arguments = Arguments(line, words)
            try arguments.check(verb)
            try self.init(verb, &arguments, line)
        } catch {
            throw verb.isAnswered ? .refused(error) : .ends(.unanswerable)
        }
    }

    private init(_ verb: Verb, _ arguments: inout Arguments, _ line: Span<UInt8>) throws(WireRefusal) {
        switch verb {
        case .hello: self = .hello(try arguments.hello(line))
        case .send:
            let options = try arguments.options(
                line, "Here", "Capacity", "Expiry", "In", "Once", "Ack", "Report", "Patience", "Times", "Note")
            let (ifHeard, bounds, terms) = (try options.flag("Here"), try options.bounds, try options.terms)
            let (range, form) = try arguments.channel(line)
            try terms?.report?.check(of: form)
            self = .send(channel: range, form: form, ifHeard: ifHeard, bounds, terms)
        case .groupSend:
            let options = try arguments.options(line, "Capacity", "Expiry")
            let bounds = try options.bounds
            let group = line.extracting(arguments.words[0])
            guard case .normal? = NameForm(group) else { throw .name(group) }
            let exception = try options["except"].map(Arguments.channelName)
            self = .groupSend(group: arguments.words[0], except: exception, bounds)
        case .listen:
            let options = try arguments.options(line, "Ack")
            let (members, acknowledged) = (try options.flag("members"), try options.flag("Ack"))
            let names = try arguments.names(line, refusingOptions: false)
            guard !acknowledged || names.allSatisfy(\.mayBeAcknowledged) else {
                throw .option("Ack is for normal channels of at most \(Name.maxLength - Name.deadSuffix.count) bytes")
            }
            self = .listen(names, members: members, acknowledged: acknowledged)
        case .acknowledge, .hold:
            _ = try arguments.options(line)
            let (channel, tags) = (try arguments.channelName(line), try arguments.tags(line))
            self = verb == .hold ? .hold(channel, tags) : .acknowledge(channel, tags)
        case .giveBack:
            let terms = try arguments.options(line, "In", "Dead", "Why").giveBack
            self = .giveBack(try arguments.channelName(line), try arguments.tags(line)[0], terms)
        case .unlisten: self = .unlisten(try arguments.names(line))
        case .ready: self = try arguments.ready(line)
        case .join, .leave:
            let group = try arguments.group(line)
            let channels = try arguments.names(line, from: 1, channelsOnly: true)
            self = verb == .join ? .join(group, channels) : .leave(group, channels)
        case .watch, .unwatch:
            let group = try arguments.group(line)
            let channel = try arguments.names(line, from: 1, channelsOnly: true)[0]
            self = verb == .watch ? .watch(group, channel) : .unwatch(group, channel)
        case .tail: self = .tail(try arguments.patterns(line))
        case .untail:
            let patterns = try arguments.patterns(line)
            self = .untail(patterns.isEmpty ? nil : patterns)
        case .pause: self = .pause(try arguments.ownedChannels(line)[0])
        case .resume: self = .resume(try arguments.ownedChannels(line)[0])
        case .close: self = .close(try arguments.ownedChannels(line))
        case .members:
            let page = try arguments.page(line)
            self = .members(try arguments.group(line), page)
        case .peek:
            let page = try arguments.page(line)
            self = .peek(try arguments.names(line, channelsOnly: true)[0], page)
        case .stats: self = .stats(try arguments.statisticsKind(line), try arguments.page(line))
        case .flush: self = .flush(try arguments.pattern(line))
        case .end: self = try arguments.end(line)
        case .ping, .pong, .quit:
            _ = try arguments.options(line)
            self = verb == .ping ? .ping : verb == .pong ? .pong : .quit
        }
    }
}

/// The verbs of clients, and how many arguments each takes.
private enum Verb: String, CaseIterable {
    case hello = "HELLO"
    case send = "SEND"
    case groupSend = "GSEND"
    case listen = "LISTEN"
    case unlisten = "UNLISTEN"
    case acknowledge = "ACK"
    case giveBack = "NAK"
    case hold = "HOLD"
    case ready = "READY"
    case join = "JOIN"
    case leave = "LEAVE"
    case watch = "WATCH"
    case unwatch = "UNWATCH"
    case tail = "TAIL"
    case untail = "UNTAIL"
    case pause = "PAUSE"
    case resume = "RESUME"
    case close = "CLOSE"
    case members = "MEMBERS"
    case peek = "PEEK"
    case stats = "STATS"
    case flush = "FLUSH"
    case end = "END"
    case ping = "PING"
    case pong = "PONG"
    case quit = "QUIT"

    init?(_ word: Span<UInt8>) {
        guard word.count <= 8 else { return nil }
        self.init(rawValue: word.text)
    }

    var takesBody: Bool { self == .send || self == .groupSend }

    /// Whether it can be refused: an answer that nobody expects would be taken for another's.
    var isAnswered: Bool { self != .ready && self != .pong }

    var argumentCount: ClosedRange<Int> {
        switch self {
        case .hello, .send, .groupSend, .pause, .resume, .members, .peek, .end: 1...1
        case .listen, .unlisten, .tail, .close: 1...Int.max
        case .untail: 0...Int.max
        case .join, .leave, .acknowledge, .hold: 2...Int.max
        case .watch, .unwatch, .giveBack: 2...2
        case .ready: 1...2
        case .stats, .flush: 0...1
        case .ping, .pong, .quit: 0...0
        }
    }
}

/// The words behind verb and size, told apart but not yet judged.
private struct Arguments {
    private(set) var words: [Range<Int>] = []
    private var optionWords: [Range<Int>] = []
    private var hasMisplaced = false

    init(_ line: Span<UInt8>, _ rest: Words) {
        var rest = rest
        while let word = rest.next(in: line) {
            if line.extracting(word).firstIndex(of: UInt8(ascii: "=")) != nil {
                self.optionWords.append(word)
            } else {
                self.hasMisplaced = self.hasMisplaced || !self.optionWords.isEmpty
                self.words.append(word)
            }
        }
    }

    /// Refuses a wrong number of arguments, and any behind an option.
    func check(_ verb: Verb) throws(WireRefusal) {
        guard !self.hasMisplaced else { throw .args("options stand behind the arguments") }
        guard verb.argumentCount.contains(self.words.count) else {
            throw .args(
                "\(verb.rawValue) has too \(self.words.count < verb.argumentCount.lowerBound ? "few" : "many") arguments"
            )
        }
    }

    /// - Parameter known: capital options of the verb (F9).
    func options(_ line: Span<UInt8>, _ known: String...) throws(WireRefusal) -> WireOptions {
        var options = WireOptions()
        for word in self.optionWords { try options.add(line.extracting(word)) }
        try options.refuseUnknown(besides: known)
        return options
    }

    /// The channel that stands first, by its name.
    func channelName(_ line: Span<UInt8>) throws(WireRefusal) -> Name {
        let (range, _) = try self.channel(line)
        return Name(checked: line.extracting(range).array)
    }

    /// What stands behind the channel.
    func tags(_ line: Span<UInt8>) throws(WireRefusal) -> [DeliveryTag] {
        var tags: [DeliveryTag] = []
        tags.reserveCapacity(self.words.count - 1)
        for range in self.words[1...] {
            guard let tag = DeliveryTag(line.extracting(range)) else {
                throw .args("an ID is 1 to 64 of A-Z a-z 0-9 - _ . as it stood behind ack= of the MSG")
            }
            tags.append(tag)
        }
        return tags
    }

    func channel(_ line: Span<UInt8>) throws(WireRefusal) -> (Range<Int>, NameForm) {
        let word = line.extracting(self.words[0])
        guard let form = NameForm(word), form.isChannel else { throw .name(word) }
        return (self.words[0], form)
    }

    func group(_ line: Span<UInt8>) throws(WireRefusal) -> Name {
        _ = try self.options(line)
        let word = line.extracting(self.words[0])
        guard case .normal? = NameForm(word) else { throw .name(word) }
        return Name(checked: word.array)
    }

    /// - Parameter refusingOptions: those that are not known; not where the caller has read them.
    func names(
        _ line: Span<UInt8>, from: Int = 0, channelsOnly: Bool = false, refusingOptions: Bool = true
    ) throws(WireRefusal) -> [Name] {
        if refusingOptions { _ = try self.options(line) }
        var names: [Name] = []
        names.reserveCapacity(self.words.count - from)
        for range in self.words[from...] {
            let word = line.extracting(range)
            guard let form = NameForm(word), form.isChannel || !channelsOnly else { throw .name(word) }
            names.append(Name(checked: word.array))
        }
        return names
    }

    /// Channels that have one reader, who alone may speak of them (P1, C1).
    func ownedChannels(_ line: Span<UInt8>) throws(WireRefusal) -> [Name] {
        let names = try self.names(line, channelsOnly: true)
        for name in names where NameForm(name.bytes.span) == .normal { throw .name }
        return names
    }

    static func channelName(_ text: String) throws(WireRefusal) -> Name {
        let bytes = Array(text.utf8)
        guard let form = NameForm(bytes.span), form.isChannel else { throw .name(bytes.span) }
        return Name(checked: bytes)
    }

    func ready(_ line: Span<UInt8>) throws(WireRefusal) -> Request {
        _ = try self.options(line)
        guard let count = Decimal.parse(line.extracting(self.words[0]), upTo: Request.mostCredit) else {
            throw .args("no number")
        }
        guard self.words.count == 2 else { return .ready(count, nil) }
        let word = line.extracting(self.words[1])
        guard NameForm(word) != nil else { throw .name(word) }
        return .ready(count, Name(checked: word.array))
    }

    func hello(_ line: Span<UInt8>) throws(WireRefusal) -> Hello {
        let version = line.extracting(self.words[0])
        guard version.count <= 9, (0..<version.count).allSatisfy({ version[$0] &- UInt8(ascii: "0") <= 9 }) else {
            throw .args("HELLO takes the version, 1")
        }
        let options = try self.options(line)
        var hello = Hello()
        if let format = options["format"] {
            guard let known = BodyFormat(rawValue: format) else { throw .option("format is json or msgpack") }
            hello.format = known
        }
        if let client = options["client"] {
            guard client.utf8.count <= 64, client.utf8.allSatisfy(Name.isNameByte) else {
                throw .option("client is 1 to 64 of A-Z a-z 0-9 - _ .")
            }
            hello.client = client
        }
        if let token = options["token"] {
            guard token.utf8.count <= 255 else { throw .option("token has at most 255 bytes") }
            hello.token = token
        }
        if let heartbeat = options["heartbeat"] {
            guard let milliseconds = Decimal.parse(heartbeat, upTo: 3_600_000) else {
                throw .option("heartbeat is 0 to 3600000 ms")
            }
            hello.heartbeat = milliseconds
        }
        if let brokers = options["brokers"] {
            guard let count = Decimal.parse(brokers, upTo: 1_000), count > 0 else {
                throw .option("brokers is 1 to 1000")
            }
            hello.brokers = count
        }
        guard version.equals("1") else { throw .version }
        return hello
    }

    func page(_ line: Span<UInt8>) throws(WireRefusal) -> Request.Page {
        let options = try self.options(line)
        var page = Request.Page(after: options["after"])
        if let limit = options["limit"] {
            guard let rows = Decimal.parse(limit, upTo: 1_000), rows > 0 else {
                throw .option("limit is 1 to 1000")
            }
            page.limit = rows
        }
        return page
    }

    func statisticsKind(_ line: Span<UInt8>) throws(WireRefusal) -> Request.StatisticsKind? {
        guard let word = self.words.first else { return nil }
        guard let kind = Request.StatisticsKind(rawValue: line.extracting(word).text) else {
            throw .args("STATS knows channels, groups and connections")
        }
        return kind
    }

    func end(_ line: Span<UInt8>) throws(WireRefusal) -> Request {
        let options = try self.options(line, "Age")
        var age = 0
        if let text = options["Age"] {
            guard let given = Decimal.parse(text, upTo: Request.mostAge) else {
                throw .option("Age is 0 to \(Request.mostAge) ms")
            }
            age = given
        }
        return .end(Decimal.parse(line.extracting(self.words[0]).text, upTo: Int(Int32.max)), age: age)
    }

    func patterns(_ line: Span<UInt8>) throws(WireRefusal) -> [Pattern] {
        _ = try self.options(line)
        var patterns: [Pattern] = []
        for word in self.words {
            guard let pattern = Pattern(line.extracting(word).array) else { throw .name(line.extracting(word)) }
            patterns.append(pattern)
        }
        return patterns
    }

    func pattern(_ line: Span<UInt8>) throws(WireRefusal) -> Pattern? {
        _ = try self.options(line)
        guard let word = self.words.first else { return nil }
        guard let pattern = Pattern(line.extracting(word).array) else { throw .name(line.extracting(word)) }
        return pattern
    }
}

extension WireOptions {
    /// An option that is `1` or absent.
    func flag(_ key: String) throws(WireRefusal) -> Bool {
        switch self[key] {
        case nil: return false
        case "1": return true
        default: throw .option("\(key) is 1 or absent")
        }
    }

    /// `nil`: the channel's own rules hold.
    fileprivate var bounds: SendBounds? {
        get throws(WireRefusal) {
            let (capacity, expiry) = (self["Capacity"], self["Expiry"])
            return capacity == nil && expiry == nil ? nil : try SendBounds(capacity: capacity, expiry: expiry)
        }
    }
}

/// Numbers as the wire writes them: no sign, no leading zero.
package enum Decimal {
    /// The number, `nil` when the digits are none or beyond `most`.
    package static func parse(_ digits: some StringProtocol, upTo most: Int) -> Int? {
        let bytes = Array(digits.utf8)
        return self.parse(bytes.span, upTo: most)
    }

    package static func parse(_ digits: Span<UInt8>, upTo most: Int) -> Int? {
        guard digits.count > 0, digits.count == 1 || digits[0] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for index in 0..<digits.count {
            let digit = Int(digits[index] &- UInt8(ascii: "0"))
            guard digit <= 9, value <= (most - digit) / 10 else { return nil }
            value = value * 10 + digit
        }
        return value
    }
}
