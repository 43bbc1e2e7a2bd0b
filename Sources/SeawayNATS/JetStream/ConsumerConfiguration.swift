import SeawayMessage

/// How messages of a stream are delivered, to all that pull from it in turn.
package struct ConsumerConfiguration: Hashable, Sendable {
    package var name: String
    /// Which of the stream's subjects.
    package var filter: String
    /// Milliseconds after which what was not acknowledged is delivered again.
    package var acknowledgeWithin = 15_000
    /// Any number of messages may wait to be acknowledged: pulls bound it, and what is given back for later counts.
    package var maxUnacknowledged = -1
    /// How often one message is delivered; -1: who takes it counts. What a server gives up stays in the stream for
    /// good.
    package var maxDeliver = -1
    /// Pulls that wait at the server.
    package var maxPulls = 512

    package init(name: String, filter: String) {
        self.name = name
        self.filter = filter
    }

    var json: Message {
        [
            "durable_name": .string(self.name), "name": .string(self.name), "filter_subject": .string(self.filter),
            "ack_policy": "explicit", "ack_wait": Nanoseconds.value(milliseconds: self.acknowledgeWithin),
            "deliver_policy": "all", "replay_policy": "instant", "max_ack_pending": .int(Int64(self.maxUnacknowledged)),
            "max_deliver": .int(Int64(self.maxDeliver)), "max_waiting": .int(Int64(self.maxPulls)),
        ]
    }

    init?(_ map: Message) {
        guard let name = map.string("durable_name") ?? map.string("name") else { return nil }
        self.init(name: name, filter: map.string("filter_subject") ?? "")
        self.acknowledgeWithin = Nanoseconds.milliseconds(map.int("ack_wait"))
        self.maxUnacknowledged = map.int("max_ack_pending") ?? 0
        self.maxDeliver = map.int("max_deliver") ?? -1
        self.maxPulls = map.int("max_waiting") ?? 0
    }

    /// Where the other is not as this is wanted, in words.
    package func differences(from found: ConsumerConfiguration) -> [String] {
        var differences = Differences(wanted: self, found: found)
        differences.compare("filter_subject", \.filter)
        differences.compare("ack_wait in ms", \.acknowledgeWithin)
        differences.compare("max_ack_pending", \.maxUnacknowledged)
        differences.compare("max_deliver", \.maxDeliver)
        differences.compare("max_waiting", \.maxPulls)
        return differences.texts
    }
}

package struct ConsumerInfo: Hashable, Sendable {
    package var configuration: ConsumerConfiguration
    /// Messages that have not been delivered.
    package var pending = 0
    package var unacknowledged = 0
    package var redelivered = 0
    package var leader: String?

    init?(_ answer: Message) {
        guard let configuration = answer["config"]?.map.flatMap({ ConsumerConfiguration($0) }) else { return nil }
        self.configuration = configuration
        self.pending = answer.int("num_pending") ?? 0
        self.unacknowledged = answer.int("num_ack_pending") ?? 0
        self.redelivered = answer.int("num_redelivered") ?? 0
        self.leader = answer["cluster"]?.map?.string("leader")
    }
}
