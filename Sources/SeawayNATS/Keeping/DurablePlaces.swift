package import SeawayWire

/// Channels that are kept by JetStream: those whose names match.
package struct DurablePattern: Hashable, Sendable {
    package var pattern: Pattern
    /// How many messages may stand on each of them, those in hand included.
    package var capacity: Int

    package init(_ pattern: Pattern, capacity: Int = 100) {
        self.pattern = pattern
        self.capacity = capacity
    }
}

/// Says which stream a channel belongs to: the first pattern that matches has it, and the dead letters of its channels.
package struct DurablePlaces: Sendable {
    /// Where the messages of one channel stand.
    ///
    /// One object for all that is said of them, since each message has it several times.
    package final class Place: Sendable {
        package let channel: Name
        package let stream: String
        package let subject: String
        package let consumer: String
        /// Of which pattern it is.
        package let pattern: Int
        package let isForDeadLetters: Bool
        /// How many messages may stand there.
        package let most: Int
        /// What stands beside a body that has no terms, as it is written.
        private let plainHeaders: (json: [UInt8], messagePack: [UInt8])

        fileprivate init(_ channel: Name, stream: String, pattern: Int, isForDeadLetters: Bool, most: Int) {
            self.channel = channel
            self.stream = stream
            self.subject = DurableName.subject(of: channel, in: stream)
            self.consumer = DurableName.consumer(of: channel)
            self.pattern = pattern
            self.isForDeadLetters = isForDeadLetters
            self.most = most
            let json = PublishOutcome.headers(stream: stream)
            var messagePack = json
            StoredHeaders.add(.messagePack, to: &messagePack)
            self.plainHeaders = (json.block, messagePack.block)
        }

        /// What stands beside a body, as it is written.
        func headers(_ format: BodyFormat, once: String?, expiry: Int?) -> [UInt8] {
            guard once != nil || expiry != nil else {
                return format == .json ? self.plainHeaders.json : self.plainHeaders.messagePack
            }
            var headers = PublishOutcome.headers(stream: self.stream, once: once, expiry: StoredHeaders.seconds(expiry))
            StoredHeaders.add(format, to: &headers)
            return headers.block
        }

        /// Names one message of the stream.
        func key(_ sequence: UInt64) -> HeldKey {
            HeldKey(stream: 2 * self.pattern + (self.isForDeadLetters ? 1 : 0), sequence: sequence)
        }
    }

    package let durables: [DurablePattern]
    private let deadLetters: Int

    /// - Parameter deadLetters: how many a channel of them has.
    package init(_ durables: [DurablePattern], deadLetters: Int) {
        self.durables = durables
        self.deadLetters = deadLetters
    }

    /// Which pattern a channel is of.
    package func pattern(of channel: Span<UInt8>) -> Int? {
        let suffix = Name.deadSuffix
        let base = channel.count - suffix.count
        if base > 0, suffix.indices.allSatisfy({ channel[base + $0] == suffix[$0] }),
            let found = self.durables.firstIndex(where: { $0.pattern.matches(channel.extracting(..<base)) })
        {
            return found
        }
        return self.durables.firstIndex { $0.pattern.matches(channel) }
    }

    package func place(of channel: Name) -> Place? {
        guard let index = self.pattern(of: channel.bytes.span) else { return nil }
        let durable = self.durables[index]
        let isForDeadLetters = channel.isForDeadLetters
        let stream =
            isForDeadLetters
            ? DurableName.deadStream(of: durable.pattern) : DurableName.stream(of: durable.pattern)
        return Place(
            channel, stream: stream, pattern: index, isForDeadLetters: isForDeadLetters,
            most: isForDeadLetters ? self.deadLetters : durable.capacity)
    }

    /// Where dead letters of a channel go; `nil`: there is no name for such a channel.
    package func deadPlace(of place: Place) -> Place? {
        let bytes = place.channel.bytes + Name.deadSuffix
        guard !place.isForDeadLetters, bytes.count <= Name.maxLength else { return nil }
        return self.place(of: Name(checked: bytes))
    }
}

extension DurablePlaces.Place: Equatable {
    package static func == (left: DurablePlaces.Place, right: DurablePlaces.Place) -> Bool {
        left.channel == right.channel && left.stream == right.stream && left.most == right.most
    }
}

/// The subjects of what is not due yet. Each message has one of its own, since a server knows one schedule by its
/// subject.
package enum LaterSubject {
    package static func waiting(_ channel: Name, id: String, in stream: String) -> String {
        DurableName.subject(of: channel, in: "\(stream).at.\(id)")
    }

    package static func due(_ channel: Name, in stream: String) -> String {
        DurableName.subject(of: channel, in: "\(stream).due")
    }

    /// All that are due.
    package static func allDue(in stream: String) -> String { "\(DurableName.root).\(stream).due.>" }

    /// Whose message a subject has; `nil` for a subject of something else.
    package static func channel(of subject: String, in stream: String) -> Name? {
        if let due = DurableName.channel(of: subject, in: "\(stream).due") { return due }
        let prefix = "\(DurableName.root).\(stream).at."
        guard subject.hasPrefix(prefix), let id = subject.dropFirst(prefix.count).split(separator: ".").first else {
            return nil
        }
        return DurableName.channel(of: subject, in: "\(stream).at.\(id)")
    }
}
