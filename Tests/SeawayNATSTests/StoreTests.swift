import SeawayNATS
import SeawayStore
import SeawayWire
import TestSupport
import Testing

/// What a broker's store does with real servers.
@Suite(.serialized, .enabled(if: NATSServers.program != nil), .timeLimit(.minutes(2)))
struct StoreTests {
    @Test func twoBrokersAreOneQueue() async throws {
        let servers = try await NATSServers(1)
        let (one, other) = (try await StoreHouse.of(servers), try await StoreHouse.of(servers))
        #expect(try await one.keeps("jobs.mail"))
        #expect(try await one.keeps("jobs.mail.dead"))
        #expect(!(try await one.keeps("chat.log")))
        #expect(await one.send("a", to: "jobs.mail") == .stored)
        other.demand(2, of: "jobs.mail")
        let a = await other.came.next()
        #expect((a.text, a.delivery.times, a.delivery.channel.description) == ("a", 1, "jobs.mail"))
        // Done at the broker that has not got it, twice, and nothing is left.
        #expect(await one.acknowledge(a.delivery.place, of: "jobs.mail") == nil)
        #expect(await one.acknowledge(a.delivery.place, of: "jobs.mail") == nil)
        #expect(await other.acknowledge(a.delivery.place, of: "jobs.mail") == nil)
        #expect(try await one.counts().isEmpty)
        // Of another channel nothing is changed.
        #expect(await one.send("b", to: "jobs.mail") == .stored)
        let b = await other.came.next()
        #expect(await one.acknowledge(b.delivery.place, of: "jobs.other") == nil)
        #expect(try await other.counts()["jobs.mail"] == StoreCount(channel: b.delivery.channel, messages: 1, held: 1))
        #expect(await other.acknowledge(b.delivery.place, of: "jobs.mail") == nil)
        await one.stop()
        await other.stop()
    }

    /// Another server may deliver it a moment before the leader of the stream has it.
    @Test func whatTheLeaderDoesNotHaveYetIsNotSaidToBeDone() async throws {
        let servers = try await NATSServers(1)
        let house = try await StoreHouse.of(servers)
        house.demand(1, of: "jobs.a")
        #expect(await house.send("a", to: "jobs.a") == .stored)
        let place = await house.came.next().delivery.place
        #expect(await house.acknowledge(place, of: "jobs.a") == nil)
        #expect(await house.acknowledge(place, of: "jobs.a") == nil)
        #expect(await house.acknowledge(StorePlace(place.sequence + 1), of: "jobs.a") != nil)
        await house.stop()
    }

    @Test func asMuchComesAsTheBrokerHasSaidLastHoweverMuchHasCome() async throws {
        let servers = try await NATSServers(1)
        let house = try await StoreHouse.of(servers, capacity: 1_000)
        // Said once, and never again, as by a broker whose listeners have more credit than it says.
        house.demand(2, of: "jobs.a")
        for number in 0..<9 { #expect(await house.send("\(number)", to: "jobs.a") == .stored) }
        for number in 0..<9 {
            let came = await house.came.next()
            #expect(came.text == "\(number)")
            #expect(await house.acknowledge(came.delivery.place, of: "jobs.a") == nil)
        }
        await house.stop()
    }

    @Test func whatIsGivenBackComesAgainInTime() async throws {
        let servers = try await NATSServers(1)
        let house = try await StoreHouse.of(servers)
        house.demand(1, of: "jobs.a")
        #expect(await house.send("x", to: "jobs.a") == .stored)
        let first = await house.came.next()
        let start = ContinuousClock.now
        house.giveBack(first, after: 300)
        house.demand(1, of: "jobs.a")
        let second = await house.came.next()
        #expect(second.delivery.times == 2)
        #expect(ContinuousClock.now - start >= .milliseconds(290))
        #expect(second.delivery.place == first.delivery.place)
        #expect(await house.acknowledge(second.delivery.place, of: "jobs.a") == nil)
        await house.stop()
    }

    @Test func whoStopsGivesBackAtOnceAndWhoDiesInTime() async throws {
        let servers = try await NATSServers(1)
        let short = { (configuration: inout JetStreamStoreConfiguration) in
            (configuration.acknowledgeWithin, configuration.sayEvery) = (1_000, 300)
        }
        let one = try await StoreHouse.of(servers, change: short)
        let other = try await StoreHouse.of(servers, change: short)
        one.demand(1, of: "jobs.a")
        #expect(await one.send("x", to: "jobs.a") == .stored)
        _ = await one.came.next()
        other.demand(1, of: "jobs.a")
        // The engine is told that it is in hand, for longer than it waits: what comes first is another.
        other.demand(1, of: "jobs.b")
        #expect(await one.send("y", to: "jobs.b", StoreTerms(delay: 1_600)) == .stored)
        let first = await other.came.next()
        #expect(first.text == "y")
        #expect(await other.acknowledge(first.delivery.place, of: "jobs.b") == nil)
        await one.stop()
        let again = await other.came.next()
        #expect((again.text, again.delivery.times) == ("x", 2))

        let third = try await StoreHouse.of(servers, change: short)
        third.demand(1, of: "jobs.a")
        try await other.die()
        let last = await third.came.next()
        #expect((last.text, last.delivery.times) == ("x", 3))
        #expect(await third.acknowledge(last.delivery.place, of: "jobs.a") == nil)
        await third.stop()
    }

    @Test func fullIsExactAndRepeatsAreTold() async throws {
        let servers = try await NATSServers(1)
        let house = try await StoreHouse.of(servers, capacity: 3)
        let once = StoreTerms(once: "order-17")
        #expect(await house.send("a", to: "jobs.a", once) == .stored)
        #expect(await house.send("a", to: "jobs.a", once) == .repeated)
        #expect(await house.send("a", to: "jobs.b", once) == .stored)
        #expect(await house.send("b", to: "jobs.a", StoreTerms(capacity: 1)) == .full(most: 1))
        #expect(await house.send("b", to: "jobs.a", StoreTerms(capacity: 2)) == .stored)
        #expect(await house.send("c", to: "jobs.a") == .stored)
        #expect(await house.send("d", to: "jobs.a") == .full(most: 3))
        let counters = try await house.counters()
        #expect((counters.stored, counters.repeated, counters.full) == (4, 1, 2))
        let sights = try await house.look(at: "jobs.a", from: 1)
        #expect(sights.map { StoreHouse.text(String(decoding: $0.body, as: UTF8.self)) } == ["b", "c"])
        #expect(sights.allSatisfy { (0..<10_000).contains($0.age) })
        #expect(try await house.look(at: "jobs.a", from: 3).isEmpty)
        #expect(try await house.look(at: "jobs.none").isEmpty)
        #expect(try await house.counts().mapValues(\.messages) == ["jobs.a": 3, "jobs.b": 1])
        #expect(try await house.remove("*.a") == 3)
        #expect(try await house.remove(nil) == 1)
        #expect(try await house.counts().isEmpty)
        await house.stop()
    }

    @Test func aDeadLetterIsThereOnceWithItsReason() async throws {
        let servers = try await NATSServers(1)
        let house = try await StoreHouse.of(servers)
        house.demand(1, of: "jobs.a")
        #expect(await house.send("{\"error\":{\"code\":1}}", to: "jobs.a") == .stored)
        let came = await house.came.next()
        let death = StoreDeath(cause: "nak", times: 1, at: 1_796_088_188_783, why: "no%20such")
        #expect(await house.giveUp(came, death) == nil)
        let sights = try await house.look(at: "jobs.a.dead")
        #expect(sights.map(\.death) == [death])
        #expect(try await house.counts().mapValues(\.messages) == ["jobs.a.dead": 1])
        house.demand(1, of: "jobs.a.dead")
        let dead = await house.came.next()
        #expect((dead.text, dead.delivery.death) == ("{\"error\":{\"code\":1}}", death))
        #expect(await house.acknowledge(dead.delivery.place, of: "jobs.a.dead") == nil)
        #expect(try await house.counters().dead == 1)
        await house.stop()
    }

    @Test func whatIsForLaterComesNoEarlierAndOnce() async throws {
        let servers = try await NATSServers(1)
        let (house, other) = (try await StoreHouse.of(servers), try await StoreHouse.of(servers))
        house.demand(5, of: "jobs.a")
        let start = ContinuousClock.now
        let terms = StoreTerms(delay: 400, once: "k", expiry: 60_000)
        #expect(await house.send("later", to: "jobs.a", terms) == .stored)
        #expect(await house.send("later", to: "jobs.a", terms) == .repeated)
        #expect(try await other.counts()["jobs.a"]?.delayed == 1)
        #expect(await house.send("now", to: "jobs.a") == .stored)
        #expect(await house.came.next().text == "now")
        let later = await house.came.next()
        let took = ContinuousClock.now - start
        #expect(later.text == "later" && took >= .milliseconds(399), "\(took)")
        print("delivered \(took - .milliseconds(400)) after it was due")
        #expect(await house.acknowledge(later.delivery.place, of: "jobs.a") == nil)
        #expect(try await house.counters().delivered == 2)
        // Where it waited it is over too, as soon as the servers have said so.
        let stream = "swd-jobs_2e_2a"
        try await servers.visit { visit in
            while try await visit.call(.stream(stream)).messages > 0 { await Task.yield() }
        }
        await house.stop()
        await other.stop()
    }

    @Test func whatSomebodyElseHasWrittenIsNotGivenOut() async throws {
        let servers = try await NATSServers(1)
        let house = try await StoreHouse.of(servers)
        house.demand(5, of: "jobs.a")
        let headers = PublishOutcome.headers(stream: "sw-jobs_2e_2a")
        try await servers.visit { visit in
            for body in ["no map", "{}\n{}"] {
                let outcome = await visit.store(Array(body.utf8), at: "sw.q.sw-jobs_2e_2a.jobs.a", headers: headers)
                guard case .stored = outcome else {
                    Issue.record("\(outcome)")
                    continue
                }
            }
        }
        #expect(await house.send("x", to: "jobs.a") == .stored)
        #expect(await house.came.next().text == "x")
        #expect(try await house.counters().delivered == 1)
        await house.stop()
    }

    @Test func anAcknowledgementThatWasAnsweredWithAFaultIsTakenBack() async throws {
        let servers = try await NATSServers(1)
        let (house, other) = (try await StoreHouse.of(servers), try await StoreHouse.of(servers))
        house.demand(1, of: "jobs.a")
        #expect(await house.send("x", to: "jobs.a") == .stored)
        let came = await house.came.next()
        servers.pause(named: "n0")
        let fault = await house.acknowledge(came.delivery.place, of: "jobs.a")
        // It has left, and nothing was heard of it.
        #expect(fault == .unknown)
        #expect(await house.send("y", to: "jobs.a") == .failed(.unknown))
        servers.resume(named: "n0")
        // What left may be heard now, which is its own sender's doubt; nothing else is.
        #expect(await other.sendUntilStored("z", to: "jobs.a"))
        house.giveBack(came, after: 0)
        #expect(await house.sendUntilStored("end", to: "jobs.a"))
        house.demand(10, of: "jobs.a")
        var texts: [String] = []
        while texts.last != "end" {
            let next = await house.came.next()
            texts.append(next.text)
            #expect(await house.finish(next) == nil)
        }
        #expect(texts.filter { $0 == "z" }.count == 1 && texts.filter { $0 == "x" }.count <= 1, "\(texts)")
        await house.stop()
        await other.stop()
    }

    @Test func anExpiredMessageIsGone() async throws {
        let servers = try await NATSServers(1)
        let house = try await StoreHouse.of(servers) { $0.countAge = 0 }
        #expect(await house.send("x", to: "jobs.a", StoreTerms(expiry: 1)) == .stored)
        #expect(try await house.counts()["jobs.a"]?.messages == 1)
        while try await !house.counts().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        await house.stop()
    }

    @Test func anotherCapacityThanTheStreamHasIsAFaultAtStart() async throws {
        let servers = try await NATSServers(1)
        let house = try await StoreHouse.of(servers, capacity: 10)
        let (_, fault) = try await StoreHouse.starting(servers, capacity: 20)
        guard case .unsupported(let words)? = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(words.contains("max_msgs_per_subject is 10, wanted is 20"), "\(words)")
        let (_, second) = try await StoreHouse.starting(servers, "other.*", replicas: 3)
        guard case .unsupported(let reason)? = second else {
            Issue.record("\(String(describing: second))")
            return
        }
        #expect(reason.contains("replicas"), "\(reason)")
        await house.stop()
    }

    @Test func serversThatAreAwayAreAFaultAfterATime() async throws {
        let servers = try await NATSServers(1)
        try await servers.visit { _ in }
        servers.kill(named: "n0")
        let (house, fault) = try await StoreHouse.starting(servers) { $0.startPatience = 300 }
        guard case .unavailable(let words)? = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(words.contains("cannot be reached"), "\(words)")
        await house.stop()
    }
}

/// What it does with three servers, of which one is killed.
@Suite(.serialized, .enabled(if: NATSServers.program != nil), .timeLimit(.minutes(2)))
struct ClusteredStoreTests {
    @Test func aKilledLeaderIsAnsweredForInTimeAndLosesNothing() async throws {
        let servers = try await NATSServers(3)
        let (sender, worker) = (
            try await StoreHouse.of(servers, capacity: 1_000_000, replicas: 3),
            try await StoreHouse.of(servers, capacity: 1_000_000, replicas: 3)
        )
        worker.demand(1_000, of: "jobs.a")
        var stored: Set<String> = []
        var doubtful: Set<String> = []
        var longest = Duration.zero
        let leader = try await servers.visit { try await $0.call(.stream("sw-jobs_2e_2a")).leader }
        var failedAt: ContinuousClock.Instant?
        var wentOnAfter: Duration?
        for number in 0..<4_000 where wentOnAfter == nil || number < 600 {
            if number == 200 {
                servers.kill(named: try #require(leader))
                failedAt = ContinuousClock.now
            }
            let start = ContinuousClock.now
            switch await sender.send("\(number)", to: "jobs.a") {
            case .stored:
                stored.insert("\(number)")
                if let failedAt, wentOnAfter == nil { wentOnAfter = ContinuousClock.now - failedAt }
            case .failed(.unknown): doubtful.insert("\(number)")
            case .failed: try await Task.sleep(for: .milliseconds(10))
            case .full, .repeated: Issue.record("\(number)")
            }
            longest = max(longest, ContinuousClock.now - start)
        }
        print("stored \(stored.count), doubtful \(doubtful.count), longest \(longest), went on after \(wentOnAfter!)")
        #expect(longest < .milliseconds(2_300))
        var missing = stored
        while !missing.isEmpty {
            let came = await worker.came.next()
            #expect(stored.contains(came.text) || doubtful.contains(came.text))
            #expect(await worker.finish(came) == nil)
            missing.remove(came.text)
        }
        await sender.stop()
        await worker.stop()
    }
}
