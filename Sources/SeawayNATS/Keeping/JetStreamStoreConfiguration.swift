package import SeawayNIO

/// How durable channels are kept by JetStream, and what is bounded there. Times are milliseconds.
package struct JetStreamStoreConfiguration: Sendable {
    package var nats: NATSConfiguration
    /// `nil`: the authorities of this machine vouch for servers with TLS.
    package var tls: ClientIdentity?
    /// The first that matches has a channel.
    package var durables: [DurablePattern]
    /// How many servers have each message.
    package var replicas = 3
    /// How long a broker waits for an answer of the engine.
    package var patience = 2_000
    /// How long servers that cannot be reached are waited for at start.
    package var startPatience = 30_000
    /// Bytes of the largest body.
    package var maxBody = 2_097_152
    /// How long the key of a message that is to be kept once is remembered.
    package var onceWindow = 120_000
    /// How many dead letters a channel of them has, and for how long; the oldest go.
    package var deadLetters = 1_000
    package var deadLetterAge = 86_400_000
    /// After which the engine gives what a broker has had, and says nothing of, to another.
    package var acknowledgeWithin = 15_000
    /// How often it is told that a message is still in hand.
    package var sayEvery = 5_000
    /// Channels of which this broker takes messages; each needs a consumer in the engine, which is never removed.
    package var maxChannels = 10_000
    /// Messages that are not due yet; beyond it, as of the last count, no more are taken.
    package var maxDelayed = 100_000
    /// What the engine is to be told while it is away.
    package var maxSettling = 100_000
    /// How old a count may be.
    package var countAge = 1_000
    package var pulling = Pulling.Bounds()

    package init(_ nats: NATSConfiguration, durables: [DurablePattern]) {
        self.nats = nats
        self.durables = durables
    }

    /// The streams of a pattern, as they have to be.
    ///
    /// - Parameter delays: whether the servers can deliver later.
    func streams(of durable: DurablePattern, delays: Bool) -> [StreamConfiguration] {
        var work = self.stream(DurableName.stream(of: durable.pattern))
        work.maxMessagesPerSubject = durable.capacity
        var dead = self.stream(DurableName.deadStream(of: durable.pattern))
        (dead.discard, dead.discardsNewPerSubject) = (.old, false)
        (dead.maxMessagesPerSubject, dead.maxAge) = (self.deadLetters, self.deadLetterAge)
        guard delays else { return [work, dead] }
        var later = self.stream(DurableName.laterStream(of: durable.pattern))
        (later.discard, later.discardsNewPerSubject, later.maxMessagesPerSubject) = (.old, false, -1)
        later.allowsSchedules = true
        return [work, dead, later]
    }

    private func stream(_ name: String) -> StreamConfiguration {
        var stream = StreamConfiguration(name: name, subjects: [DurableName.subjects(of: name)])
        stream.replicas = self.replicas
        stream.duplicateWindow = self.onceWindow
        return stream
    }

    /// The consumer of a channel, as it has to be.
    func consumer(_ name: String, filter: String) -> ConsumerConfiguration {
        var consumer = ConsumerConfiguration(name: name, filter: filter)
        consumer.acknowledgeWithin = self.acknowledgeWithin
        return consumer
    }
}
