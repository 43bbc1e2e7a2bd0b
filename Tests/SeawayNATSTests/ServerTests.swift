import NIOCore
import SeawayNATS
import TestSupport
import Testing

/// What servers themselves say to what is said here.
@Suite(.serialized, .enabled(if: NATSServers.program != nil), .timeLimit(.minutes(2)))
struct ServerTests {
    private static func stream(replicas: Int, capacity: Int = 1_000_000) -> StreamConfiguration {
        var stream = StreamConfiguration(name: "sw-jobs", subjects: [DurableName.subjects(of: "sw-jobs")])
        stream.replicas = replicas
        stream.maxMessagesPerSubject = capacity
        return stream
    }

    private static let subject = "sw.q.sw-jobs.jobs.mail"
    private static let headers = PublishOutcome.headers(stream: "sw-jobs")

    @Test func aMessageIsStoredOnceAndRefusedWhereItIsFull() async throws {
        let servers = try await NATSServers(1)
        try await servers.visit { visit in
            let wanted = Self.stream(replicas: 1, capacity: 2)
            let made = try await visit.makeStream(wanted)
            #expect(wanted.differences(from: made.configuration).isEmpty)
            // The same again is no change, another is refused.
            _ = try await visit.call(.createStream(wanted))
            await #expect(throws: JetStreamFault.self) {
                try await visit.call(.createStream(Self.stream(replicas: 1, capacity: 3)))
            }
            let once = PublishOutcome.headers(stream: "sw-jobs", once: "order-17", expiry: 60)
            let body = Array("{}".utf8)
            #expect(await visit.store(body, at: Self.subject, headers: once) == .stored(sequence: 1, isRepeat: false))
            #expect(await visit.store(body, at: Self.subject, headers: once) == .stored(sequence: 1, isRepeat: true))
            #expect(
                await visit.store(body, at: Self.subject, headers: Self.headers)
                    == .stored(sequence: 2, isRepeat: false))
            #expect(await visit.store(body, at: Self.subject, headers: Self.headers) == .full)
            #expect(
                await visit.store(body, at: "sw.q.sw-jobs.other", headers: Self.headers)
                    == .stored(sequence: 3, isRepeat: false))
            #expect(
                await visit.store(body, at: "sw.q.none.other", headers: Self.headers)
                    == .notStored("no stream takes it"))
            let large = [UInt8](repeating: 0x20, count: 4 << 20 + 1)
            #expect(await visit.store(large, at: Self.subject, headers: Self.headers) == .tooLarge)

            let second = try await visit.call(.message(of: "sw-jobs", subject: Self.subject, from: 2))
            #expect((second.sequence, second.payload) == (2, body))
            await #expect(throws: JetStreamFault.self) {
                try await visit.call(.message(of: "sw-jobs", subject: Self.subject, from: 3))
            }
            let info = try await visit.call(.stream("sw-jobs", subjects: "sw.q.sw-jobs.>"))
            #expect(info.subjects == [Self.subject: 2, "sw.q.sw-jobs.other": 1])
            #expect(try await visit.call(.purge("sw-jobs", subject: Self.subject)) == 2)
            #expect(try await visit.call(.account).streams == 1)
            #expect(try await visit.call(.streamNames(subject: "sw.q.>")).names == ["sw-jobs"])
        }
    }

    @Test func whatIsGivenBackComesAgainAndWhatIsDoneDoesNot() async throws {
        let servers = try await NATSServers(1)
        try await servers.visit { visit in
            _ = try await visit.makeStream(Self.stream(replicas: 1))
            let consumer = ConsumerConfiguration(name: "mail", filter: Self.subject)
            let made = try await visit.call(.createConsumer(consumer, of: "sw-jobs"))
            #expect(consumer.differences(from: made.configuration).isEmpty)
            var other = consumer
            other.acknowledgeWithin = 5_000
            await #expect(throws: JetStreamFault.self) { try await visit.call(.createConsumer(other, of: "sw-jobs")) }
            let wildcard = ConsumerConfiguration(name: "late", filter: "sw.q.sw-jobs.late.>")
            _ = try await visit.call(.createConsumer(wildcard, of: "sw-jobs"))

            let came = Inbox<Came>()
            let reader = try await visit.onLoop { client in
                let reader = client.pull(from: "mail", of: "sw-jobs") { event in
                    guard case .message(let message, let delivery, let isWanted) = event, let reply = message.reply
                    else {
                        return
                    }
                    came.put(Came(text: String(decoding: message.payload, as: UTF8.self), delivery, reply, isWanted))
                }
                reader.setCredit(2)
                return NIOLoopBound(reader, eventLoop: client.eventLoop)
            }
            for text in ["a", "b"] {
                _ = await visit.store(Array(text.utf8), at: Self.subject, headers: Self.headers)
            }
            let (a, b) = (await came.next(), await came.next())
            #expect((a.text, a.delivery.times, a.isWanted, b.text) == ("a", 1, true, "b"))
            #expect((a.delivery.stream, a.delivery.consumer, a.delivery.sequence) == ("sw-jobs", "mail", 1))
            #expect(try await visit.acknowledge(b.reply, .done))
            #expect(try await visit.acknowledge(a.reply, .again(after: 50)))
            try await visit.onLoop { _ in reader.value.setCredit(2) }
            let again = await came.next()
            #expect((again.text, again.delivery.times) == ("a", 2))
            #expect(try await visit.acknowledge(again.reply, .working))
            #expect(try await visit.acknowledge(again.reply, .done))
            let info = try await visit.call(.consumer("mail", of: "sw-jobs"))
            #expect((info.pending, info.unacknowledged) == (0, 0))
            #expect(try await visit.call(.stream("sw-jobs")).messages == 0)
            try await visit.onLoop { _ in reader.value.end() }
        }
    }

    @Test func aLeaderThatIsKilledLosesNothingThatWasAcknowledged() async throws {
        let servers = try await NATSServers(3)
        try await servers.visit { visit in
            _ = try await visit.makeStream(Self.stream(replicas: 3))
            _ = try await visit.call(
                .createConsumer(ConsumerConfiguration(name: "mail", filter: Self.subject), of: "sw-jobs"))
            let total = 20_000
            let calm = try await visit.publish(total, window: 512, to: Self.subject, headers: Self.headers)
            print("\(total) messages stored by three servers in \(calm.time)")
            #expect((calm.stored.count, calm.refused, calm.unknown) == (total, 0, 0))

            let info = try await visit.call(.stream("sw-jobs"))
            #expect((info.messages, info.followers.count) == (total, 2))
            let leader = try #require(info.leader)
            let rough = try await visit.publish(total, window: 512, to: Self.subject, headers: Self.headers) { stored in
                if stored == total / 4 { servers.kill(named: leader) }
            }
            print("\(leader) killed: stored \(rough.stored.count), not \(rough.refused), unknown \(rough.unknown)")
            #expect(rough.stored.count == total)
            let sequences = Set(calm.stored + rough.stored)
            #expect(sequences.count == 2 * total, "no sequence is told twice")

            let taken = try await visit.takeAll(from: "mail", of: "sw-jobs", sequences)
            #expect(sequences.isSubset(of: taken))
            #expect(taken.count <= sequences.count + rough.unknown)
        }
    }

    private struct Came: Sendable {
        let text: String
        let delivery: Delivery
        let reply: String
        let isWanted: Bool

        init(text: String, _ delivery: Delivery, _ reply: String, _ isWanted: Bool) {
            (self.text, self.delivery, self.reply, self.isWanted) = (text, delivery, reply, isWanted)
        }
    }
}
