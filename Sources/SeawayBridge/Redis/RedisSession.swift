/// One connection to Redis as a reader: what is to be said, and what the answers mean.
package struct RedisSession: Sendable {
    /// What is read.
    package enum Subject: Hashable, Sendable {
        /// Channels of pub/sub, by glob patterns; what is published while nobody listens is lost.
        case patterns([String])
        /// Streams, from behind the last entry that was read, or from their end.
        case streams([String])
    }

    package enum Event: Hashable, Sendable {
        /// Bytes to write.
        case write([UInt8])
        /// Everything that was asked for is in force.
        case ready
        case message(channel: [UInt8], data: [UInt8])
        case entry(stream: String, id: [UInt8], fields: [[UInt8]])
        /// The server refuses; the connection is of no use.
        case refused(String)
    }

    private enum Expected: Sendable {
        case authentication
        case subscriptions(Int)
        case lastEntry(stream: String)
        case entries
    }

    /// How long the server holds a question for new entries at most.
    private static let longestBlock = Duration.seconds(5)
    /// Entries of each stream that are asked for at once.
    package static let mostEntries = 100

    private let subject: Subject
    private let password: [UInt8]?
    /// In milliseconds.
    private let block: Int
    private let count: Int
    private var expected = Expected.authentication
    /// The last entry that was read, by stream; kept for the next connection.
    package private(set) var positions: [String: [UInt8]]

    /// - Parameters:
    ///   - positions: those of the connection before.
    ///   - quiet: how long the server may say nothing while there is nothing new.
    ///   - count: entries of each stream that are asked for at once.
    package init(
        _ subject: Subject, password: [UInt8]?, positions: [String: [UInt8]] = [:], quiet: Duration = .seconds(15),
        count: Int = RedisSession.mostEntries
    ) {
        self.count = count
        self.subject = subject
        self.block = max(1, Int(min(quiet, Self.longestBlock).milliseconds))
        self.password = password
        self.positions = positions
    }

    /// How many to ask for when so many were more than may come at once.
    package static func fewer(than count: Int) -> Int { max(1, count / 2) }

    /// The connection is there.
    package mutating func begin() -> [Event] {
        guard let password = self.password else { return self.ask() }
        return [.write(RESPValue.command([Array("AUTH".utf8), password]))]
    }

    /// A value has come.
    package mutating func received(_ value: RESPValue) -> [Event] {
        if case .error(let text) = value { return [.refused(text)] }
        switch self.expected {
        case .authentication: return self.ask()
        case .subscriptions(let missing): return self.published(value, missing)
        case .lastEntry(let stream):
            let last = value.array?.first?.array?.first?.bytes
            self.positions[stream] = last ?? Array("0-0".utf8)
            return self.ask()
        case .entries: return self.entries(value)
        }
    }

    /// What keeps a silent connection alive; nil when it is never silent.
    package var sign: [UInt8]? {
        if case .patterns = self.subject { Self.command("PING") } else { nil }
    }

    private mutating func ask() -> [Event] {
        switch self.subject {
        case .patterns(let patterns):
            self.expected = .subscriptions(patterns.count)
            return [.write(Self.command("PSUBSCRIBE", patterns))]
        case .streams(let streams):
            if let unknown = streams.first(where: { self.positions[$0] == nil }) {
                self.expected = .lastEntry(stream: unknown)
                return [.write(Self.command("XREVRANGE", [unknown, "+", "-", "COUNT", "1"]))]
            }
            self.expected = .entries
            return [.ready, self.askForEntries(streams)]
        }
    }

    private func askForEntries(_ streams: [String]) -> Event {
        let words = Self.words(["XREAD", "COUNT", "\(self.count)", "BLOCK", "\(self.block)", "STREAMS"] + streams)
        return .write(RESPValue.command(words + streams.compactMap { self.positions[$0] }))
    }

    // MARK: Pub/sub

    private mutating func published(_ value: RESPValue, _ missing: Int) -> [Event] {
        guard let values = value.array, let kind = values.first?.bytes else { return [] }
        switch String(decoding: kind, as: UTF8.self) {
        case "psubscribe":
            self.expected = .subscriptions(missing - 1)
            return missing == 1 ? [.ready] : []
        case "pmessage":
            guard values.count == 4, let channel = values[2].bytes, let data = values[3].bytes else { return [] }
            return [.message(channel: channel, data: data)]
        default: return []
        }
    }

    // MARK: Streams

    private mutating func entries(_ value: RESPValue) -> [Event] {
        guard case .streams(let streams) = self.subject else { return [] }
        var events: [Event] = []
        for named in value.array ?? [] {
            guard let pair = named.array, pair.count == 2, let name = pair[0].bytes, let entries = pair[1].array
            else { continue }
            let stream = String(decoding: name, as: UTF8.self)
            for entry in entries {
                guard let parts = entry.array, parts.count == 2, let id = parts[0].bytes else { continue }
                self.positions[stream] = id
                events.append(.entry(stream: stream, id: id, fields: parts[1].array?.compactMap(\.bytes) ?? []))
            }
        }
        return events + [self.askForEntries(streams)]
    }

    // MARK: Words

    private static func command(_ verb: String, _ arguments: [String] = []) -> [UInt8] {
        RESPValue.command(self.words([verb] + arguments))
    }

    private static func words(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }
}
