import SeawayMessage

/// How a stream stores messages.
package struct StreamConfiguration: Hashable, Sendable {
    package enum Retention: String, Sendable { case limits, interest, workqueue }
    package enum Storage: String, Sendable { case file, memory }
    package enum Discard: String, Sendable { case old, new }

    package var name: String
    package var subjects: [String]
    package var retention = Retention.workqueue
    package var storage = Storage.file
    package var replicas = 3
    /// Which of too many messages go; `new` refuses.
    package var discard = Discard.new
    package var discardsNewPerSubject = true
    /// At least 1 where new ones are discarded by subject, else the server refuses the stream; -1: any number.
    package var maxMessagesPerSubject = 100
    /// -1: any number; the same of the bounds below.
    package var maxMessages = -1
    package var maxBytes = -1
    /// Bytes of one message.
    package var maxMessageSize = -1
    /// Milliseconds; 0: for ever.
    package var maxAge = 0
    /// Milliseconds in which a message with the same `Nats-Msg-Id` is stored once.
    package var duplicateWindow = 120_000
    /// Whether `Nats-TTL` says how long one message is kept.
    package var allowsTTL = true
    /// Whether messages are looked up without their leader.
    package var allowsDirect = true
    /// Whether messages may be delivered later (server 2.12). Not together with `discard` new.
    package var allowsSchedules = false

    package init(name: String, subjects: [String]) {
        self.name = name
        self.subjects = subjects
    }

    var json: Message {
        var map: Message = [
            "name": .string(self.name), "subjects": .list(self.subjects.map { .string($0) }),
            "retention": .string(self.retention.rawValue), "storage": .string(self.storage.rawValue),
            "num_replicas": .int(Int64(self.replicas)), "discard": .string(self.discard.rawValue),
            "max_msgs_per_subject": .int(Int64(self.maxMessagesPerSubject)), "max_msgs": .int(Int64(self.maxMessages)),
            "max_bytes": .int(Int64(self.maxBytes)), "max_msg_size": .int(Int64(self.maxMessageSize)),
            "max_age": Nanoseconds.value(milliseconds: self.maxAge),
            "duplicate_window": Nanoseconds.value(milliseconds: self.duplicateWindow),
            "allow_msg_ttl": .bool(self.allowsTTL), "allow_direct": .bool(self.allowsDirect), "max_consumers": -1,
        ]
        // Said only where it is so: older servers refuse what they do not know.
        if self.discardsNewPerSubject { map["discard_new_per_subject"] = true }
        if self.allowsSchedules { map["allow_msg_schedules"] = true }
        return map
    }

    /// - Returns: `nil` if it has no name.
    init?(_ map: Message) {
        guard let name = map.string("name") else { return nil }
        self.init(name: name, subjects: map["subjects"]?.list?.compactMap(\.string) ?? [])
        self.retention = map.string("retention").flatMap { Retention(rawValue: $0) } ?? .limits
        self.storage = map.string("storage").flatMap { Storage(rawValue: $0) } ?? .file
        self.replicas = map.int("num_replicas") ?? 1
        self.discard = map.string("discard").flatMap { Discard(rawValue: $0) } ?? .old
        self.discardsNewPerSubject = map.bool("discard_new_per_subject")
        self.maxMessagesPerSubject = map.int("max_msgs_per_subject") ?? -1
        self.maxMessages = map.int("max_msgs") ?? -1
        self.maxBytes = map.int("max_bytes") ?? -1
        self.maxMessageSize = map.int("max_msg_size") ?? -1
        self.maxAge = Nanoseconds.milliseconds(map.int("max_age"))
        self.duplicateWindow = Nanoseconds.milliseconds(map.int("duplicate_window"))
        self.allowsTTL = map.bool("allow_msg_ttl")
        self.allowsDirect = map.bool("allow_direct")
        self.allowsSchedules = map.bool("allow_msg_schedules")
    }

    /// Where the other is not as this is wanted, in words; a stream is never changed because of it.
    package func differences(from found: StreamConfiguration) -> [String] {
        var differences = Differences(wanted: self, found: found)
        if Set(self.subjects) != Set(found.subjects) {
            differences.texts.append("subjects are \(found.subjects), wanted are \(self.subjects)")
        }
        differences.compare("retention", \.retention.rawValue)
        differences.compare("storage", \.storage.rawValue)
        differences.compare("num_replicas", \.replicas)
        differences.compare("discard", \.discard.rawValue)
        differences.compare("discard_new_per_subject", \.discardsNewPerSubject)
        differences.compare("max_msgs_per_subject", \.maxMessagesPerSubject)
        differences.compare("max_msgs", \.maxMessages)
        differences.compare("max_bytes", \.maxBytes)
        differences.compare("max_msg_size", \.maxMessageSize)
        differences.compare("max_age in ms", \.maxAge)
        differences.compare("duplicate_window in ms", \.duplicateWindow)
        differences.compare("allow_msg_ttl", \.allowsTTL)
        differences.compare("allow_direct", \.allowsDirect)
        differences.compare("allow_msg_schedules", \.allowsSchedules)
        return differences.texts
    }
}

/// What a stream holds.
package struct StreamInfo: Hashable, Sendable {
    package var configuration: StreamConfiguration
    package var messages = 0
    package var bytes = 0
    package var firstSequence = 0
    package var lastSequence = 0
    package var consumers = 0
    /// Who leads it now, by name; `nil`: nobody, or a server alone.
    package var leader: String?
    /// The others that have it, and whether each is up to date.
    package var followers: [Follower] = []
    /// How many messages each subject has, where that was asked.
    package var subjects: [String: Int] = [:]

    package struct Follower: Hashable, Sendable {
        package var name: String
        package var isCurrent: Bool
    }

    init?(_ answer: Message) {
        guard let configuration = answer["config"]?.map.flatMap({ StreamConfiguration($0) }) else { return nil }
        self.configuration = configuration
        let state = answer["state"]?.map ?? Message()
        self.messages = state.int("messages") ?? 0
        self.bytes = state.int("bytes") ?? 0
        self.firstSequence = state.int("first_seq") ?? 0
        self.lastSequence = state.int("last_seq") ?? 0
        self.consumers = state.int("consumer_count") ?? 0
        for (subject, count) in state["subjects"]?.map ?? Message() { self.subjects[subject] = Int(count.int ?? 0) }
        let cluster = answer["cluster"]?.map ?? Message()
        self.leader = cluster.string("leader")
        self.followers = (cluster["replicas"]?.list ?? []).compactMap { replica in
            replica.map?.string("name").map {
                Follower(name: $0, isCurrent: replica["current"]?.bool == true && replica["offline"]?.bool != true)
            }
        }
    }
}
