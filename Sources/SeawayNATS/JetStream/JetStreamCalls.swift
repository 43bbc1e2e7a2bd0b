import SeawayMessage

/// What an account may have; -1: any amount.
package struct AccountInfo: Hashable, Sendable {
    package var streams = 0
    package var consumers = 0
    /// Bytes on file that are used.
    package var storage = 0
    package var maxStorage = -1
    package var maxStreams = -1
    package var maxConsumers = -1
    package var domain: String?

    init?(_ answer: Message) {
        guard let limits = answer["limits"]?.map else { return nil }
        self.streams = answer.int("streams") ?? 0
        self.consumers = answer.int("consumers") ?? 0
        self.storage = answer.int("storage") ?? 0
        self.maxStorage = limits.int("max_storage") ?? -1
        self.maxStreams = limits.int("max_streams") ?? -1
        self.maxConsumers = limits.int("max_consumers") ?? -1
        self.domain = answer.string("domain")
    }
}

/// One page of names.
package struct StreamNames: Hashable, Sendable {
    package var names: [String]
    package var total: Int
}

/// A message as it is stored.
package struct StoredMessage: Hashable, Sendable {
    package var subject: String
    package var sequence: Int
    package var payload: [UInt8]
    package var headers: NATSHeaders

    /// - Returns: `nil` for what no stream has answered.
    package init?(_ answer: NATSMessage) {
        let headers = answer.headers
        guard let subject = headers["Nats-Subject"],
            let sequence = headers["Nats-Sequence"].flatMap({ Int($0) })
        else { return nil }
        self.subject = subject
        self.sequence = sequence
        self.payload = answer.payload
        self.headers = headers
    }
}

extension JetStreamCall where Answer == AccountInfo {
    package static var account: Self { Self("INFO") { AccountInfo($0) } }
}

extension JetStreamCall where Answer == StreamInfo {
    /// Makes a stream. One of that name with the same configuration is an answer too, another is refused.
    package static func createStream(_ configuration: StreamConfiguration) -> Self {
        Self("STREAM.CREATE.\(configuration.name)", configuration.json) { StreamInfo($0) }
    }

    /// - Parameter subjects: whose messages are to be counted, with wildcards; `nil`: none.
    package static func stream(_ name: String, subjects: String? = nil) -> Self {
        Self("STREAM.INFO.\(name)", subjects.map { ["subjects_filter": .string($0)] } ?? Message()) { StreamInfo($0) }
    }
}

extension JetStreamCall where Answer == StreamNames {
    /// - Parameter subject: of which they take something, with wildcards.
    package static func streamNames(subject: String? = nil, offset: Int = 0) -> Self {
        var body: Message = ["offset": .int(Int64(offset))]
        if let subject { body["subject"] = .string(subject) }
        return Self("STREAM.NAMES", body) { answer in
            StreamNames(
                names: answer["streams"]?.list?.compactMap(\.string) ?? [], total: answer.int("total") ?? 0)
        }
    }
}

extension JetStreamCall where Answer == ConsumerInfo {
    /// Makes a consumer. `action` has one of that name with another configuration refused, instead of changed; and the
    /// filter stands in the body alone, where it may have wildcards.
    package static func createConsumer(_ configuration: ConsumerConfiguration, of stream: String) -> Self {
        Self(
            "CONSUMER.CREATE.\(stream).\(configuration.name)",
            ["stream_name": .string(stream), "config": .map(configuration.json), "action": "create"]
        ) { ConsumerInfo($0) }
    }

    package static func consumer(_ name: String, of stream: String) -> Self {
        Self("CONSUMER.INFO.\(stream).\(name)") { ConsumerInfo($0) }
    }
}

extension JetStreamCall where Answer == Int {
    /// Removes what waits. The answer: how many messages.
    ///
    /// - Parameter subject: only of that one, or of those that it stands for.
    package static func purge(_ stream: String, subject: String? = nil) -> Self {
        Self("STREAM.PURGE.\(stream)", subject.map { ["filter": .string($0)] } ?? Message()) { $0.int("purged") }
    }
}

extension JetStreamCall where Answer == StoredMessage {
    /// Looks at the next message of a subject, from a sequence on, in any server that has it: it may be a little
    /// behind.
    package static func message(of stream: String, subject: String, from sequence: Int = 1) -> Self {
        Self(
            raw: "DIRECT.GET.\(stream)", ["seq": .int(Int64(max(1, sequence))), "next_by_subj": .string(subject)]
        ) { StoredMessage($0) }
    }

    /// Looks at one message in any server that has it; one that is behind may not know it yet.
    package static func message(of stream: String, at sequence: Int) -> Self {
        Self(raw: "DIRECT.GET.\(stream)", ["seq": .int(Int64(max(1, sequence)))]) { StoredMessage($0) }
    }
}

extension JetStreamCall where Answer == String {
    /// The subject of one message, as the stream's leader knows it.
    package static func subject(in stream: String, at sequence: Int) -> Self {
        Self("STREAM.MSG.GET.\(stream)", ["seq": .int(Int64(max(1, sequence)))]) {
            $0["message"]?.map?.string("subject")
        }
    }
}

extension JetStreamCall where Answer == Bool {
    /// Removes one message, whoever has it in hand.
    package static func remove(from stream: String, at sequence: Int) -> Self {
        Self("STREAM.MSG.DELETE.\(stream)", ["seq": .int(Int64(sequence)), "no_erase": true]) { $0.bool("success") }
    }
}

/// One page of consumers.
package struct ConsumerList: Hashable, Sendable {
    package var consumers: [ConsumerInfo]
    package var total: Int
}

extension JetStreamCall where Answer == ConsumerList {
    package static func consumers(of stream: String, offset: Int = 0) -> Self {
        Self("CONSUMER.LIST.\(stream)", ["offset": .int(Int64(offset))]) { answer in
            ConsumerList(
                consumers: answer["consumers"]?.list?.compactMap { $0.map.flatMap { ConsumerInfo($0) } } ?? [],
                total: answer.int("total") ?? 0)
        }
    }
}

/// What a look at several messages at once asks for.
package enum BatchedLook {
    package static func subject(of stream: String) -> String { "$JS.API.DIRECT.GET.\(stream)" }

    /// - Parameter most: how many messages of that subject, from a sequence on.
    package static func payload(subject: String, from sequence: Int, most: Int) -> [UInt8] {
        let body: Message = [
            "seq": .int(Int64(max(1, sequence))), "next_by_subj": .string(subject), "batch": .int(Int64(most)),
        ]
        return Array(body.json.utf8)
    }
}
