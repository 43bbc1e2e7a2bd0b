import SeawayNATS
import SeawayWire
import Testing

@Suite struct JetStreamTests {
    private func answer(_ json: String) -> NATSOutcome {
        .answered(NATSMessage(subject: "r", payload: Array(json.utf8)))
    }

    private func refusal(_ number: Int, _ words: String, code: Int = 503) -> NATSOutcome {
        self.answer(
            "{\"error\":{\"code\":\(code),\"err_code\":\(number),\"description\":\"\(words)\"},\"stream\":\"s\",\"seq\":0}"
        )
    }

    // MARK: Publishing

    @Test func whatBecameOfAMessageIsToldTruly() {
        #expect(PublishOutcome(self.answer("{\"stream\":\"s\", \"seq\":17}")) == .stored(sequence: 17, isRepeat: false))
        #expect(
            PublishOutcome(self.answer("{\"stream\":\"s\",\"seq\":17,\"duplicate\":true}"))
                == .stored(sequence: 17, isRepeat: true))
        for words in ["maximum messages per subject exceeded", "maximum messages exceeded", "maximum bytes exceeded"] {
            #expect(PublishOutcome(self.refusal(10_077, words)) == .full)
        }
        #expect(PublishOutcome(self.refusal(10_054, "message size exceeds maximum allowed", code: 400)) == .tooLarge)
        // Another with its key is under way: refused for good it would be lost with that one.
        #expect(PublishOutcome(self.refusal(10_158, "duplicate message id is in process")) == .unknown(.silence))
        #expect(PublishOutcome(self.refusal(10_008, "unavailable")) == .notStored("unavailable (10008)"))
        #expect(PublishOutcome(self.refusal(10_167, "too many requests")) == .notStored("too many requests (10167)"))
        let wrong = JetStreamRefusal(code: 400, number: 10_060, text: "expected stream does not match")
        #expect(PublishOutcome(self.refusal(10_060, "expected stream does not match", code: 400)) == .refused(wrong))
        #expect(PublishOutcome(.noResponders) == .notStored("no stream takes it"))
        #expect(PublishOutcome(.notSent(.notConnected)) == .notStored("there is no connection"))
        #expect(PublishOutcome(.notSent(.tooLarge(limit: 1))) == .tooLarge)
        #expect(PublishOutcome(.unknown(.silence)) == .unknown(.silence))
        // Somebody else has answered: that says nothing of the stream.
        #expect(PublishOutcome(self.answer("thanks")) == .unknown(.silence))
        #expect(PublishOutcome(self.answer("{\"stream\":\"s\"}")) == .unknown(.silence))
    }

    @Test(arguments: [
        (10_063, "expected stream sequence does not match"), (10_077, "write error"),
        (10_023, "insufficient resources"),
        (0, "raft: not leader"),
    ])
    func whatALeaderSaysOfItsOwnCopyAloneIsNoRefusal(_ number: Int, _ words: String) {
        let refusal = JetStreamRefusal(code: 503, number: number, text: words)
        #expect(PublishOutcome(self.refusal(number, words)) == .refusedByOne(refusal))
    }

    @Test func aMessageSaysWhichStreamAndWhichKey() {
        let headers = PublishOutcome.headers(stream: "s", once: "order-17", expiry: 0)
        #expect(headers["Nats-Expected-Stream"] == "s")
        #expect(headers["Nats-Msg-Id"] == "order-17")
        #expect(headers["Nats-TTL"] == "1s")
    }

    // MARK: Deliveries

    @Test func repliesOfDeliveriesAreRead() throws {
        let short = try #require(Delivery(reply: "$JS.ACK.s.c.2.31.42.1700000000000000000.5"))
        #expect((short.stream, short.consumer, short.times, short.sequence) == ("s", "c", 2, 31))
        #expect((short.consumerSequence, short.storedAt, short.pending) == (42, 1_700_000_000_000_000_000, 5))
        #expect(Delivery(reply: "$JS.ACK._.HASH.s.c.2.31.42.1700000000000000000.5") == short)
        #expect(Delivery(reply: "$JS.ACK.hub.HASH.s.c.2.31.42.1700000000000000000.5.TOKEN") == short)
        for reply in [
            "", "$JS.ACK", "$JS.ACK.s.c.2.31.42.17", "$JS.ACK.s.c.x.31.42.17.5", "$JS.API.s.c.2.31.42.17.5",
            "_INBOX.a.b",
            "$JS.ACK.s.c.-2.31.42.17.5", "$JS.ACK.s.c.99999999999999999999.31.42.17.5",
        ] { #expect(Delivery(reply: reply) == nil, "\(reply)") }
    }

    @Test func whatIsSaidOfADeliveryHasJetStreamsForms() {
        let said = [Acknowledgement.done, .again(after: 1_500), .again(after: 0), .working, .never].map {
            String(decoding: $0.payload, as: UTF8.self)
        }
        #expect(said == ["+ACK", "-NAK {\"delay\":1500000000}", "-NAK", "+WPI", "+TERM"])
    }

    // MARK: Calls

    @Test func aConsumerIsOnlyCreatedAndItsFilterStandsInTheBody() {
        let call = JetStreamCall.createConsumer(ConsumerConfiguration(name: "c", filter: "sw.q.s.>"), of: "s")
        let body = String(decoding: call.payload, as: UTF8.self)
        #expect(call.subject == "$JS.API.CONSUMER.CREATE.s.c")
        #expect(body.contains("\"action\":\"create\"") && body.contains("\"filter_subject\":\"sw.q.s.>\""))
        #expect(body.contains("\"max_ack_pending\":-1") && body.contains("\"max_deliver\":-1"))
        #expect(body.contains("\"ack_wait\":15000000000"))
    }

    @Test func answersAndRefusalsAreToldApart() throws {
        let call = JetStreamCall.purge("s", subject: "sw.q.s.a")
        #expect(try call.read(self.answer("{\"success\":true,\"purged\":7}")) == 7)
        #expect(throws: JetStreamFault.unreadable) { try call.read(self.answer("{}")) }
        #expect(throws: JetStreamFault.unreadable) { try call.read(self.answer("[")) }
        #expect(throws: JetStreamFault.noResponders) { try call.read(.noResponders) }
        // An election: nobody says no.
        #expect(throws: JetStreamFault.unknown(.silence)) { try call.read(.unknown(.silence)) }
        let kinds = [
            (10_059, JetStreamRefusal.Kind.streamMissing), (10_014, .consumerMissing), (10_148, .exists),
            (10_058, .exists),
            (10_076, .notEnabled), (10_039, .notEnabled), (10_047, .noRoom), (10_037, .messageMissing),
            (10_052, .other),
        ]
        for (number, kind) in kinds {
            do throws(JetStreamFault) {
                _ = try call.read(self.refusal(number, "no", code: 400))
                Issue.record("\(number) is an answer")
            } catch {
                guard case .refused(let refusal) = error else { throw error }
                #expect(refusal.kind == kind, "\(number)")
            }
        }
    }

    @Test func aMessageIsLookedUpByItsHeaders() throws {
        let call = JetStreamCall.message(of: "s", subject: "sw.q.s.a", from: 0)
        #expect(String(decoding: call.payload, as: UTF8.self) == "{\"seq\":1,\"next_by_subj\":\"sw.q.s.a\"}")
        let headers = NATSHeaders(["Nats-Stream": "s", "Nats-Subject": "sw.q.s.a", "Nats-Sequence": "9"])
        let found = try call.read(.answered(NATSMessage(subject: "r", headers: headers, payload: [1])))
        #expect((found.subject, found.sequence, found.payload) == ("sw.q.s.a", 9, [1]))
        var none = NATSHeaders()
        (none.status, none.text) = (404, "Message Not Found")
        #expect(throws: JetStreamFault.refused(JetStreamRefusal(code: 404, number: 10_037, text: "Message Not Found")))
        {
            try call.read(.answered(NATSMessage(subject: "r", headers: none)))
        }
    }

    @Test func aStreamThatIsAnotherThanWantedIsTold() {
        var wanted = StreamConfiguration(name: "s", subjects: ["sw.q.s.>"])
        wanted.maxMessagesPerSubject = 100
        var found = wanted
        #expect(wanted.differences(from: found).isEmpty)
        (found.replicas, found.storage, found.maxMessagesPerSubject) = (1, .memory, 50)
        #expect(
            wanted.differences(from: found) == [
                "storage is memory, wanted is file", "num_replicas is 1, wanted is 3",
                "max_msgs_per_subject is 50, wanted is 100",
            ])
    }

    // MARK: Names

    @Test func channelsHaveSubjectsAndTheirNamesBack() throws {
        let stream = DurableName.stream(of: try #require(Pattern("jobs.*")))
        #expect(stream == "sw-jobs_2e_2a")
        for (name, subject) in [
            ("jobs.mail", "sw.q.sw-jobs_2e_2a.jobs.mail"), ("a..b", "sw.q.sw-jobs_2e_2a.a.~.b"),
            (".a.", "sw.q.sw-jobs_2e_2a.~.a.~"), ("a", "sw.q.sw-jobs_2e_2a.a"),
        ] {
            let channel = try #require(Name(name))
            #expect(DurableName.subject(of: channel, in: stream) == subject)
            #expect(NATSSubject.isLegal(subject))
            #expect(DurableName.channel(of: subject, in: stream) == channel)
        }
        #expect(DurableName.channel(of: "sw.q.other.a", in: stream) == nil)
        #expect(DurableName.consumer(of: try #require(Name("a_2eb"))) == "a_5f2eb")
        #expect(DurableName.consumer(of: try #require(Name("a.b"))) == "a_2eb")
    }
}
