import SeawayNATS
import SeawayStore
import SeawayWire
import Testing

/// What the store decides, without an engine.
@Suite struct StoreMachineTests {
    private func name(_ text: String) -> Name { Name(checked: Array(text.utf8)) }

    private func places(_ patterns: String...) -> DurablePlaces {
        DurablePlaces(patterns.compactMap { Pattern($0) }.map { DurablePattern($0, capacity: 7) }, deadLetters: 9)
    }

    @Test func theFirstPatternThatMatchesHasTheChannelAndItsDeadLetters() throws {
        let places = self.places("jobs.mail", "jobs.*", "a*")
        let mail = try #require(places.place(of: self.name("jobs.mail")))
        #expect((mail.stream, mail.subject, mail.most) == ("sw-jobs_2email", "sw.q.sw-jobs_2email.jobs.mail", 7))
        #expect(places.place(of: self.name("jobs.other"))?.stream == "sw-jobs_2e_2a")
        #expect(places.place(of: self.name("chat")) == nil)
        #expect(places.place(of: self.name("jobs")) == nil)
        let dead = try #require(places.deadPlace(of: mail))
        #expect((dead.channel, dead.stream, dead.most) == (self.name("jobs.mail.dead"), "swx-jobs_2email", 9))
        #expect(places.place(of: self.name("jobs.mail.dead")) == dead)
        #expect(places.deadPlace(of: dead) == nil)
        // A name so long that nothing fits behind it has none.
        let long = try #require(places.place(of: self.name("a" + String(repeating: "b", count: 252))))
        #expect(places.deadPlace(of: long) == nil)
        #expect(long.consumer.utf8.count == 200 && long.consumer.contains("bbb"))
    }

    @Test func longNamesOfConsumersStayApart() {
        let long = String(repeating: "a.", count: 110)
        let (one, other) = (self.name(long + "b"), self.name(long + "c"))
        #expect(DurableName.consumer(of: one).utf8.count == 200)
        #expect(DurableName.consumer(of: one) != DurableName.consumer(of: other))
        #expect(DurableName.consumer(of: one) == DurableName.consumer(of: one))
    }

    @Test func aSubjectForLaterHasItsChannel() {
        let channel = self.name("jobs..mail")
        let waiting = LaterSubject.waiting(channel, id: "17-4", in: "swd-a")
        #expect(waiting == "sw.q.swd-a.at.17-4.jobs.~.mail")
        #expect(LaterSubject.channel(of: waiting, in: "swd-a") == channel)
        #expect(LaterSubject.channel(of: LaterSubject.due(channel, in: "swd-a"), in: "swd-a") == channel)
        #expect(LaterSubject.channel(of: "sw.q.swd-a.at.17", in: "swd-a") == nil)
        #expect(LaterSubject.channel(of: "sw.q.swd-b.due.a", in: "swd-a") == nil)
    }

    @Test func timesAreWrittenAsServersWriteThem() {
        for (time, text) in [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_796_088_188_783, "2026-12-01T01:23:08.783Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        ] {
            #expect(WallClock.text(time) == text)
            #expect(WallClock.milliseconds(text) == time)
        }
        #expect(WallClock.milliseconds("2026-12-01T01:23:08Z") == 1_796_088_188_000)
        #expect(WallClock.milliseconds("2026-12-01T01:23:08.7Z") == 1_796_088_188_700)
        #expect(WallClock.milliseconds("2026-12-01T01:23:08.783990938Z") == 1_796_088_188_783)
        for text in ["", "Z", "2026-12-01", "2026-13-01T01:23:08Z", "2026-12-01T01:23:08+01:00", "2026-12-01TZ"] {
            #expect(WallClock.milliseconds(text) == nil, "\(text)")
        }
    }

    @Test func whatIsInHandIsToldOfUntilItIsLetGo() {
        var held = HeldMessages<String>(interval: 5_000)
        let (a, b) = (HeldKey(stream: 1, sequence: 1), HeldKey(stream: 1, sequence: 2))
        let isNew = (held.take(a, "a", reply: "r1", at: 0), held.take(b, "b", reply: "r2", at: 1_000))
        #expect(isNew == (true, true))
        #expect(held.takeDue(at: 4_999) == [])
        #expect(held.takeDue(at: 5_000) == ["r1"])
        // It has come again: only where it is told of is another.
        #expect(held.take(a, "a", reply: "r3", at: 6_000) == false)
        #expect(held.takeDue(at: 6_000) == ["r2"])
        #expect(held.release(b) == "r2")
        #expect(held.release(b) == nil)
        #expect(held.takeDue(at: 30_000) == ["r3"])
        #expect(held.all.map { $0.place } == ["a"])
        // One that was let go and has come anew is not told of twice.
        #expect(held.release(a) == "r3")
        #expect(held.take(a, "a", reply: "r4", at: 31_000) == true)
        #expect(held.takeDue(at: 35_999) == [])
        #expect(held.takeDue(at: 36_000) == ["r4"])
    }

    @Test func aChannelGetsItsConsumerWhenSomebodyListens() {
        var feed = ChannelFeed(pause: 500)
        #expect(feed.setDemand(0) == .nothing)
        #expect(feed.setDemand(3) == .make)
        #expect(feed.setDemand(5) == .nothing)
        #expect(feed.made() == .pull(credit: 5))
        #expect(feed.setDemand(0) == .pull(credit: 0))
        feed.failed(at: 1_000)
        #expect(feed.setDemand(2) == .nothing)
        #expect(feed.timePassed(at: 1_499) == .nothing)
        #expect(feed.timePassed(at: 1_500) == .make)
        feed.failed(at: 1_600)
        #expect(feed.setDemand(0) == .nothing)
        // Nobody listens any more: it is made when somebody does again.
        #expect(feed.timePassed(at: 3_000) == .nothing)
        #expect(feed.setDemand(1) == .make)
    }

    @Test func whatTheEngineHasNotHeardIsSaidAgainAndAnsweredInTime() throws {
        var bounds = Settling<String>.Bounds()
        (bounds.patience, bounds.pause, bounds.persistence, bounds.most) = (2_000, 250, 10_000, 2)
        var settling = Settling<String>(bounds)
        let numbers = ["a", "b"].compactMap { settling.add($0, at: 0) }
        let (a, b) = (try #require(numbers.first), try #require(numbers.last))
        #expect(settling.add("c", at: 0) == nil)
        #expect(settling.finish(b) == "b")
        settling.failed(a, isDoubtful: false, at: 100)
        #expect(settling.timePassed(at: 349).tries == [])
        #expect(settling.timePassed(at: 350).tries == [a])
        #expect(settling.timePassed(at: 1_000).tries == [], "it is under way")
        settling.failed(a, isDoubtful: false, at: 1_350)
        let due = settling.timePassed(at: 2_000)
        #expect(due.tries == [a])
        #expect(due.overdue.map { $0.errand } == ["a"])
        #expect(settling.timePassed(at: 3_000).overdue.map { $0.errand } == [], "it is answered once")
        #expect(settling.timePassed(at: 10_000).dropped == ["a"])
        #expect(settling.finish(a) == nil)
        #expect(settling.isEmpty)
    }

    @Test func whoeverHasAnAnswerGetsNoOther() {
        var settling = Settling<String>()
        let number = settling.add("a", at: 0)
        #expect(number != nil)
        #expect(settling.timePassed(at: 2_000).overdue.map { $0.errand } == ["a"])
        #expect(settling.finish(number ?? 0) == nil)
        #expect(settling.isEmpty)
    }

    @Test func whetherItMayHaveBeenHeardIsTold() {
        var settling = Settling<String>()
        let numbers = ["silent", "refused", "under way"].compactMap { settling.add($0, at: 0) }
        settling.failed(numbers[0], isDoubtful: true, at: 1_900)
        settling.failed(numbers[1], isDoubtful: false, at: 1_900)
        let overdue = settling.timePassed(at: 2_000).overdue
        #expect(overdue.map { $0.errand } == ["silent", "refused", "under way"])
        #expect(overdue.map { $0.isDoubtful } == [true, false, true])
    }

    // MARK: Beginning

    private func wanted(_ name: String) -> StreamConfiguration {
        var stream = StreamConfiguration(name: name, subjects: [DurableName.subjects(of: name)])
        stream.replicas = 1
        return stream
    }

    private func read<Answer>(_ call: JetStreamCall<Answer>, _ json: String) -> Result<Answer, JetStreamFault> {
        Result { () throws(JetStreamFault) in
            try call.read(.answered(NATSMessage(subject: "r", payload: Array(json.utf8))))
        }
    }

    private func found(_ stream: StreamConfiguration) -> StoreSetup.Answer {
        let call = JetStreamCall.createStream(stream)
        return .stream(self.read(call, "{\"config\":\(String(decoding: call.payload, as: UTF8.self))}"))
    }

    private func refused(_ number: Int) -> StoreSetup.Answer {
        .stream(
            self.read(
                .stream("s"), "{\"error\":{\"code\":500,\"err_code\":\(number),\"description\":\"no\"}}"))
    }

    private func consumers(_ list: String, total: Int) -> StoreSetup.Answer {
        .consumers(self.read(.consumers(of: "s"), "{\"consumers\":[\(list)],\"total\":\(total)}"))
    }

    @Test func eachStreamIsMadeOrFoundAndItsConsumersLookedThrough() {
        var setup = StoreSetup(
            [self.wanted("sw-a"), self.wanted("sw-b")], acknowledgeWithin: 15_000, deadline: 1_000)
        #expect(setup.start() == .make(self.wanted("sw-a")))
        #expect(setup.heard(self.refused(10_058), at: 0) == .look("sw-a"))
        #expect(setup.heard(self.found(self.wanted("sw-a")), at: 0) == .consumers("sw-a", offset: 0))
        let good =
            "{\"config\":{\"durable_name\":\"x\",\"filter_subject\":\"sw.q.sw-a.x\",\"ack_wait\":15000000000,"
            + "\"max_ack_pending\":-1,\"max_deliver\":-1,\"max_waiting\":512}}"
        #expect(setup.heard(self.consumers(good, total: 2), at: 0) == .consumers("sw-a", offset: 1))
        let anothers = "{\"config\":{\"durable_name\":\"mine\",\"filter_subject\":\"sw.q.sw-a.y\"}}"
        #expect(setup.heard(self.consumers(anothers, total: 2), at: 0) == .make(self.wanted("sw-b")))
        #expect(setup.heard(self.found(self.wanted("sw-b")), at: 0) == .consumers("sw-b", offset: 0))
        #expect(setup.heard(self.consumers("", total: 0), at: 0) == .done)
    }

    @Test func whatIsOtherwiseThanWantedIsSaidAndLeft() {
        var other = self.wanted("sw-a")
        other.maxMessagesPerSubject = 5
        var setup = StoreSetup([self.wanted("sw-a")], acknowledgeWithin: 15_000, deadline: 1_000)
        _ = setup.start()
        guard case .failed(.unsupported(let words)) = setup.heard(self.found(other), at: 0) else {
            Issue.record("it is taken as it is")
            return
        }
        #expect(words.contains("stream sw-a: max_msgs_per_subject is 5, wanted is 100"))

        setup = StoreSetup([self.wanted("sw-a")], acknowledgeWithin: 15_000, deadline: 1_000)
        _ = setup.start()
        _ = setup.heard(self.found(self.wanted("sw-a")), at: 0)
        let slow =
            "{\"config\":{\"durable_name\":\"x\",\"filter_subject\":\"sw.q.sw-a.x\",\"ack_wait\":30000000000,"
            + "\"max_ack_pending\":-1,\"max_deliver\":-1,\"max_waiting\":512}}"
        guard case .failed(.unsupported(let text)) = setup.heard(self.consumers(slow, total: 1), at: 0) else {
            Issue.record("it is taken as it is")
            return
        }
        #expect(text.contains("consumer x of sw-a: ack_wait in ms is 30000, wanted is 15000"))
    }

    @Test func serversThatHaveNotFoundOneAnotherAreAskedAgainForATime() {
        var setup = StoreSetup([self.wanted("sw-a")], acknowledgeWithin: 15_000, deadline: 1_000)
        _ = setup.start()
        #expect(setup.heard(self.refused(10_008), at: 0) == .pause)
        #expect(setup.paused() == .make(self.wanted("sw-a")))
        #expect(setup.heard(.stream(.failure(.unknown(.silence))), at: 999) == .pause)
        #expect(setup.paused() == .make(self.wanted("sw-a")))
        #expect(
            setup.heard(.stream(.failure(.noResponders)), at: 1_000)
                == .failed(.unavailable("stream sw-a: \(JetStreamFault.noResponders)")))
        // What will never be is not asked for again.
        setup = StoreSetup([self.wanted("sw-a")], acknowledgeWithin: 15_000, deadline: 1_000)
        _ = setup.start()
        #expect(setup.heard(self.refused(10_074), at: 0) == .failed(.unsupported("stream sw-a: no (10074)")))
    }
}
