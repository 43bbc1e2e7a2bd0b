import InMemoryLogging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

/// I27: who is not cancelled, and what is done where the end of a request cannot be heard of.
@Suite(.timeLimit(.minutes(1))) struct DisconnectBoundsTests {
    @Test func whatIsSaidOfAnotherRequestIsPassedOver() async throws {
        let house = try await DisconnectHouse()
        try await house.run { layer in
            let channel = try await house.nameOne(1)
            layer.disconnect(channel, 2)
            layer.disconnect(channel + "0", 1)
            layer.disconnect(channel + "x", 1)
            layer.disconnect(String(channel.prefix { $0 != "!" }) + "!99999999999999999999", 1)
            layer.disconnect(String(channel.prefix { $0 != "!" }) + "!-1", 1)
            // All of it has been passed over, since what ends it comes behind.
            layer.disconnect(channel, 1)
            #expect(await house.ended.next())
            // It has ended: nobody else is cancelled for it.
            #expect(try await layer.nextCredit() == 1)
            layer.disconnect(channel, 1)
            layer.request(3, "/quick")
            #expect(try await layer.nextSent().content == "quick")
        }
        #expect(house.log.errors == [])
    }

    /// A quick request costs no message more, and no listening.
    @Test func onlyWhatTakesLongIsNamed() async throws {
        let house = try await DisconnectHouse()
        try await house.run { layer in
            layer.request(1, "/slow")
            await house.begun.next()
            try await house.broker.advance(by: .milliseconds(200))
            layer.request(2, "/quick")
            #expect(try await layer.nextSent().content == "quick")
            #expect(try await layer.nextCredit() == 1)
            layer.request(3, "/slow")
            await house.begun.next()
            try await house.broker.advance(by: .milliseconds(50))
            _ = try await layer.nextAside()
            layer.happenAside(.started(kept: false))
            let first = try await layer.nextSent()
            #expect(first.channel == "http.response.s!1")
            try await house.broker.advance(by: .milliseconds(200))
            let last = try await layer.nextSent()
            #expect(last.channel == "http.response.s!3")
            layer.disconnect(first.message["disconnect_channel"]?.string ?? "", 1)
            layer.disconnect(last.message["disconnect_channel"]?.string ?? "", 3)
            for _ in 0..<2 { #expect(await house.ended.next()) }
        }
    }

    @Test func whatWasAnsweredOrHandedOnIsNotNamed() async throws {
        let house = try await DisconnectHouse()
        let (begun, gate) = (house.begun, Gate())
        try await house.run { worker in
            worker.on("http.request", at: "/answered") { message in
                try await message.reply(["status": 200])
                begun.put(())
                await gate.wait()
            }
            worker.on("http.request", at: "/handed-on") { message in
                message.answerLater()
                begun.put(())
                await gate.wait()
            }
            worker.on("rpc") { _ in
                begun.put(())
                await gate.wait()
            }
        } talk: { layer in
            layer.request(1, "/answered")
            #expect(try await layer.nextSent().status == 200)
            layer.request(2, "/handed-on")
            // Not an interface server's: it would take the name for its answer.
            layer.deliver(["reply_channel": "rpc.k!1", "path": "/"], to: "rpc")
            for _ in 0..<3 { await begun.next() }
            try await house.broker.advance(by: .seconds(1))
            // One that is named comes behind those that would have been.
            layer.disconnect(try await house.nameOne(3), 3)
            #expect(await house.ended.next())
            gate.open()
            for _ in 0..<4 { #expect(try await layer.nextCredit() == 1) }
        }
    }

    // MARK: Where it cannot be heard

    static let refusals: [ListeningEvent] = [.refused(Refusal(code: "denied")), .lost(name: "x!")]

    @Test(arguments: Self.refusals)
    func aWorkerThatMayNotHearOfItGoesOnAndSaysSoOnce(event: ListeningEvent) async throws {
        let house = try await DisconnectHouse()
        let (begun, gate) = (house.begun, Gate())
        try await house.run { worker in
            worker.on("http.request", path: "/gate") { _ in
                begun.put(())
                await gate.wait()
                return .text("done")
            }
        } talk: { layer in
            layer.request(1, "/gate")
            await begun.next()
            try await house.broker.advance(by: .milliseconds(250))
            _ = try await layer.nextAside()
            layer.happenAside(event)
            layer.request(2, "/gate")
            await begun.next()
            try await house.broker.advance(by: .seconds(5))
            gate.open()
            for _ in 0..<2 { #expect(try await layer.nextSent().content == "done") }
        }
        #expect(house.log.lines.filter { $0.hasPrefix("info consumers work on when nobody waits") }.count == 1)
        #expect(house.log.errors == [])
    }

    @Test(arguments: [SendAnswer.refused(Refusal(code: "full")), .refused(Refusal(code: "unreachable")), .unknown])
    func aNamingThatMayNotHaveArrivedIsSentAgain(answer: SendAnswer) async throws {
        let house = try await DisconnectHouse { number, _ in number < 2 ? answer : .done }
        try await house.run { layer in
            let channel = try await house.nameOne(1)
            for wait in [250, 500] {
                await house.broker.clock.waitForSleepers()
                try await house.broker.advance(by: .milliseconds(wait))
                #expect(try await layer.nextSent().message["disconnect_channel"]?.string == channel)
            }
            layer.disconnect(channel, 1)
            #expect(await house.ended.next())
        }
    }

    /// What passes between looking at the clock and going to sleep is part of the time.
    @Test func timePassesWhileItIsLookedAt() async throws {
        let layer = FakeLayer(opening: nil)
        let (begun, ended) = (Inbox<Void>(), Inbox<Bool>())
        try await withWorker(layer, notice: .milliseconds(250), clock: HastyClock(.milliseconds(250))) { worker in
            worker.on("http.request", path: "/slow") { _ in
                try await waitLong(begun, ended)
                return .text("late")
            }
        } talk: { _ in
            layer.request(1, "/slow")
            await begun.next()
            _ = try await layer.nextAside()
            layer.happenAside(.started(kept: false))
            let channel = try #require(try await layer.nextSent().message["disconnect_channel"]?.string)
            layer.disconnect(channel, 1)
            #expect(await ended.next())
        }
    }

    @Test func aWorkerThatIsToldSoNeverAsks() async throws {
        let layer = FakeLayer()
        let broker = try await TestBroker()
        let (begun, gate) = (Inbox<Void>(), Gate())
        try await withWorker(layer, notice: nil, clock: broker.clock) { worker in
            worker.on("http.request", path: "/") { _ in
                begun.put(())
                await gate.wait()
                return .text("done")
            }
        } talk: { _ in
            layer.request(1, "/")
            await begun.next()
            try await broker.advance(by: .seconds(60))
            gate.open()
            #expect(try await layer.nextSent().content == "done")
        }
    }
}
