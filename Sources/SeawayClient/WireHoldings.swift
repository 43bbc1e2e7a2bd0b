package import SeawayMessage
package import SeawayWire

/// What a layer has to say of messages that it holds, or has held, and which of its connections have the same broker.
///
/// Decides only; ``WireCore`` carries out.
package struct WireHoldings {
    /// One that is due.
    package struct Acknowledgement: Sendable {
        package let message: HeldMessage
        package let answer: @Sendable (SendAnswer) -> Void

        package init(_ message: HeldMessage, _ answer: @escaping @Sendable (SendAnswer) -> Void) {
            self.message = message
            self.answer = answer
        }
    }

    /// The answer to what is said of a message that this side does not hold any more.
    package static var late: Refusal {
        Refusal(code: "late", text: "the connection that held it has ended: it is delivered again")
    }

    /// What is to be held anew.
    package var schedule = HoldSchedule()
    private var due: [Acknowledgement] = []
    private var epoch: String?
    /// The first connection to this start of the broker: of what came before nothing is known there.
    private var firstConnection = 0

    package init() {}

    /// A broker has greeted.
    ///
    /// - Parameters:
    ///   - epoch: which start of it.
    ///   - connection: the number of the connection that begins.
    /// - Returns: acknowledgements that come too late: the broker that has delivered them is no more.
    package mutating func greeted(epoch: String, connection: Int) -> [Acknowledgement] {
        guard epoch != self.epoch else { return [] }
        self.epoch = epoch
        self.firstConnection = connection
        defer { self.due = [] }
        return self.due
    }

    /// The connection is lost, and with it what was held by it; `unanswered` is to be said again on the next one.
    package mutating func lost(unanswered: [Acknowledgement]) {
        self.schedule.removeAll()
        self.due = unanswered + self.due
    }

    /// A message is done.
    ///
    /// - Returns: false when the broker that has delivered it is no more.
    package mutating func acknowledge(_ acknowledgement: Acknowledgement) -> Bool {
        guard acknowledgement.message.carrier.connection >= self.firstConnection else { return false }
        self.due.append(acknowledgement)
        return true
    }

    /// What is due, each line with what it says: as many of a channel in one as it holds.
    package mutating func takeLines() -> [(line: ClientLine, says: [Acknowledgement])] {
        guard !self.due.isEmpty else { return [] }
        var shares: [(channel: String, says: [Acknowledgement])] = []
        var places: [String: Int] = [:]
        for one in self.due {
            let channel = one.message.channel
            if let place = places[channel] {
                shares[place].says.append(one)
            } else {
                places[channel] = shares.count
                shares.append((channel, [one]))
            }
        }
        self.due = []
        return shares.flatMap { channel, says in
            Self.cut(says, "ACK", channel) { $0.message.id }
        }
    }

    /// All that is due: there will never be another connection.
    package mutating func takeAll() -> [Acknowledgement] {
        defer { self.due = [] }
        return self.due
    }

    /// Messages that are to be held anew, each line with those that it names.
    package mutating func takeHolds(now: Int) -> [(line: ClientLine, says: [HeldMessage])] {
        let due = self.schedule.takeDue(now: now)
        let channels = Set(due.map(\.channel))
        return channels.sorted().flatMap { channel in
            Self.cut(due.filter { $0.channel == channel }, "HOLD", channel) { $0.id }
        }
    }

    private static func cut<Item>(
        _ items: [Item], _ verb: String, _ channel: String, id: (Item) -> String
    ) -> [(line: ClientLine, says: [Item])] {
        let limit = WireLimits().maxLine
        var lines: [(line: ClientLine, says: [Item])] = []
        var length = limit
        for item in items {
            let id = id(item)
            length += 1 + id.utf8.count
            if length > limit || lines.isEmpty {
                let line = ClientLine(verb, [channel, id])
                lines.append((line, [item]))
                length = line.length
            } else {
                lines[lines.count - 1].line.names.append(id)
                lines[lines.count - 1].says.append(item)
            }
        }
        return lines
    }
}

extension HeldMessage {
    /// - Parameter options: of the `MSG` that it came with.
    /// - Returns: `nil` where it is not to be acknowledged.
    convenience init?(_ channel: String, _ options: WireOptions, _ carrier: Carrier, holder: any MessageHolder) {
        guard let id = options["ack"], id.utf8.count <= DeliveryTag.mostBytes, id.utf8.allSatisfy(Name.isNameByte)
        else { return nil }
        let times = options["times"].flatMap { Int($0) } ?? 1
        self.init(channel: channel, id: id, times: times, carrier: carrier, holder: holder)
    }
}

extension DeadLetter {
    /// - Parameter options: of a `MSG` (D14).
    /// - Returns: `nil` where it is none.
    convenience init?(_ options: WireOptions) {
        guard let cause = options["dead"].flatMap(Cause.init) else { return nil }
        func count(_ key: String) -> Int { options[key].flatMap { Int($0) } ?? 0 }
        self.init(
            cause: cause, tries: count("tries"), age: .milliseconds(count("since")),
            reason: options["why"].map(PercentCoding.decode))
    }
}

extension HeldMessage.Verdict {
    /// What stands behind the ID in the line that says so; `nil` where a time is none.
    func option() throws(WireRefusal) -> String? {
        switch self {
        case .done, .held, .again(after: nil): return nil
        case .unbegun: return "In=0 begun=0"
        case .again(let after?):
            let milliseconds = after.wireMilliseconds
            guard (0...SendTerms.longestDelay).contains(milliseconds) else {
                throw .option("In is 0 to \(SendTerms.longestDelay) ms")
            }
            return "In=\(milliseconds)"
        case .dead(let reason):
            let why = PercentCoding.encode(reason, limit: GiveBack.mostBytes)
            return why.isEmpty ? "Dead=1" : "Dead=1 Why=\(why)"
        }
    }
}
