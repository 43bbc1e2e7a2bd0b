/// What a client asks of a broker: a line whose words are in order (PROTOCOL.md, section 4).
package enum Request: Hashable, Sendable {
    case hello(Hello)
    /// The channel's place in the line, so that the most frequent request allocates nothing.
    case send(channel: Range<Int>, form: NameForm, ifHeard: Bool, SendBounds?, SendTerms?)
    case groupSend(group: Range<Int>, except: Name?, SendBounds?)
    case listen([Name], members: Bool, acknowledged: Bool)
    case unlisten([Name])
    /// What was delivered of a channel is done (D10).
    case acknowledge(Name, [DeliveryTag])
    case giveBack(Name, DeliveryTag, GiveBack)
    case hold(Name, [DeliveryTag])
    case ready(Int, Name?)
    case join(Name, [Name])
    case leave(Name, [Name])
    /// A group, and the channel that is told of it.
    case watch(Name, Name)
    case unwatch(Name, Name)
    case tail([Pattern])
    /// `nil`: of all.
    case untail([Pattern]?)
    case pause(Name)
    case resume(Name)
    case close([Name])
    case members(Name, Page)
    case peek(Name, Page)
    case stats(StatisticsKind?, Page)
    case flush(Pattern?)
    /// The connection of that number, if it is that old in milliseconds; `nil`: a number that none can have.
    case end(Int?, age: Int)
    case ping
    case pong
    case quit

    /// Which of the broker's things are listed one by one (Q4).
    package enum StatisticsKind: String, Hashable, Sendable { case channels, groups, connections }

    /// A part of a long answer (Q1).
    package struct Page: Hashable, Sendable {
        /// 1 to 1,000 rows.
        package var limit: Int
        /// The last row of the page before.
        package var after: String?

        package init(limit: Int = 100, after: String? = nil) {
            self.limit = limit
            self.after = after
        }
    }

    /// The greatest `Age` of `END`, in milliseconds: some thirty years (Q6).
    package static let mostAge = 1_000_000_000_000

    /// The credit that an account holds at most, and that one `READY` grants at most (R4).
    package static let mostCredit = 1_000_000_000
}

/// What a client says of itself (H1 to H5).
package struct Hello: Hashable, Sendable {
    package var format: BodyFormat
    package var client: String?
    package var token: String?
    /// Milliseconds, 0 for none.
    package var heartbeat: Int
    /// How many brokers it has, this one included.
    package var brokers = 1

    package init(format: BodyFormat = .json, client: String? = nil, token: String? = nil, heartbeat: Int = 0) {
        self.format = format
        self.client = client
        self.token = token
        self.heartbeat = heartbeat
    }
}

/// How a body is written (section 5).
package enum BodyFormat: String, CaseIterable, Hashable, Sendable {
    case json
    case messagePack = "msgpack"
}
