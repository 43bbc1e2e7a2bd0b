import SeawayServer
import Testing

@Suite("What waits for one client") struct OutboxTests {
    private func outbox(_ policy: OutboxPolicy, maxBytes: Int = 100, maxMessages: Int = 4) -> Outbox<String> {
        Outbox(.init(policy: policy, maxBytes: maxBytes, maxMessages: maxMessages, maxOverflow: 200))
    }

    @Test func messagesLeaveInTheirOrder() {
        var outbox = self.outbox(.wait)
        for text in ["a", "b", "c"] { #expect(outbox.append(text, size: 10) == .queued) }
        #expect(outbox.bytes == 30 && outbox.count == 3 && outbox.nextSize == 10 && !outbox.isBlocked)
        let all = [outbox.next(), outbox.next(), outbox.next(), outbox.next()]
        #expect(all == ["a", "b", "c", nil])
        #expect(outbox.bytes == 0 && outbox.nextSize == nil)
    }

    @Test func waitingKeepsAllAndSaysThatItIsBlocked() {
        var outbox = self.outbox(.wait)
        for _ in 0..<4 { #expect(outbox.append("x", size: 10) == .queued) }
        #expect(!outbox.isBlocked && outbox.isFull(for: 10))
        #expect(outbox.append("x", size: 10) == .queued)
        #expect(outbox.isBlocked && outbox.count == 5)
        // Until a quarter is left.
        for left in [4, 3, 2] {
            _ = outbox.next()
            #expect(outbox.isBlocked && outbox.count == left)
        }
        _ = outbox.next()
        #expect(!outbox.isBlocked)
    }

    @Test func waitingIsBoundedToo() {
        var outbox = self.outbox(.wait, maxMessages: 1_000)
        for _ in 0..<4 { #expect(outbox.append("x", size: 50) == .queued) }
        #expect(outbox.append("y", size: 1) == .overflow)
        #expect(outbox.bytes == 200)
        #expect(outbox.removeAll() == 4)
        #expect(outbox.bytes == 0 && !outbox.isBlocked)
    }

    @Test(arguments: OutboxPolicy.allCases) func oneMessageAlwaysFits(policy: OutboxPolicy) {
        var outbox = self.outbox(policy)
        #expect(outbox.append("large", size: 100_000) == .queued)
        #expect(!outbox.isBlocked && outbox.bytes == 100_000)
    }

    @Test func theOldestAreDropped() {
        var outbox = self.outbox(.dropOldest)
        for text in ["a", "b", "c", "d"] { #expect(outbox.append(text, size: 10) == .queued) }
        #expect(outbox.append("e", size: 10) == .dropped(.oldest, count: 1))
        #expect(outbox.isBlocked)
        #expect(outbox.append("f", size: 80) == .dropped(.oldest, count: 2))
        #expect(outbox.bytes == 100)
        #expect(outbox.append("g", size: 1_000) == .dropped(.oldest, count: 3))
        let rest = [outbox.next(), outbox.next()]
        #expect(rest == ["g", nil] && !outbox.isBlocked)
    }

    @Test func onlyTheNewestIsKept() {
        var outbox = self.outbox(.keepNewest)
        #expect(outbox.append("a", size: 10) == .queued)
        #expect(outbox.append("b", size: 10) == .dropped(.replaced, count: 1))
        #expect(outbox.append("c", size: 10) == .dropped(.replaced, count: 1))
        #expect(outbox.isBlocked && outbox.count == 1)
        #expect(outbox.next() == "c")
        #expect(!outbox.isBlocked)
    }
}

@Suite("How a socket ends (RFC 6455, section 7)") struct CloseHandshakeTests {
    private let times = WebSocketConfiguration()
    private let start = Moment(milliseconds: 0)
    private let own = WebSocketClose(code: .goingAway, reason: "own")
    private let clients = WebSocketClose(code: .normal, reason: "theirs")

    @Test func theClientBegins() {
        var handshake = CloseHandshake()
        #expect(
            handshake.received(self.clients, at: self.start)
                == .end(frame: .close(self.clients), told: self.clients))
        #expect(!handshake.isOpen && !handshake.isReading)
        #expect(handshake.received(self.clients, at: self.start) == .none)
        #expect(handshake.close(self.own, at: self.start) == .none)
        #expect(handshake.failed(self.own, at: self.start) == .none)
        #expect(
            handshake.sweep(at: self.start + self.times.lingerTimeout, quietSince: self.start, self.times)
                == .gone(told: nil))
        #expect(handshake.connectionEnded() == .none)
    }

    @Test func anEmptyFrameIsEchoedEmpty() {
        var handshake = CloseHandshake()
        guard case .end(frame: .empty, let told?) = handshake.received(nil, at: self.start) else {
            Issue.record("not echoed")
            return
        }
        #expect(told.code == .noCode && told.reason == "")
    }

    @Test func theServerBegins() {
        var handshake = CloseHandshake()
        #expect(handshake.close(self.own, at: self.start) == .close(self.own))
        #expect(!handshake.isOpen && handshake.isReading)
        handshake.closeWasWritten(at: self.start)
        #expect(handshake.received(self.own, at: self.start) == .end(frame: nil, told: self.own))
    }

    @Test func closesThatCrossAreOneEach() {
        var handshake = CloseHandshake()
        _ = handshake.close(self.own, at: self.start)
        // The server's own still stands behind messages.
        #expect(
            handshake.received(self.clients, at: self.start)
                == .end(frame: .close(self.clients), told: self.clients))
        handshake = CloseHandshake()
        _ = handshake.close(self.own, at: self.start)
        handshake.closeWasWritten(at: self.start)
        #expect(handshake.received(self.clients, at: self.start) == .end(frame: nil, told: self.own))
    }

    private func sweep(_ handshake: inout CloseHandshake, at: Int64, quietSince: Int64 = 0) -> CloseHandshake.Action {
        handshake.sweep(at: Moment(milliseconds: at), quietSince: Moment(milliseconds: quietSince), self.times)
    }

    /// The server has said all, and a client that has taken it all knows why.
    @Test func aClientThatDoesNotAnswerIsCut() {
        var handshake = CloseHandshake()
        _ = handshake.close(self.own, at: self.start)
        handshake.closeWasWritten(at: Moment(milliseconds: 1_000))
        handshake.closeWasSent(at: Moment(milliseconds: 2_000))
        handshake.allWasTaken()
        #expect(self.sweep(&handshake, at: 5_999) == .none)
        #expect(self.sweep(&handshake, at: 6_000) == .gone(told: self.own))
        #expect(self.sweep(&handshake, at: 9_000) == .none)
    }

    /// Its time begins anew with all that it takes, and with the writing of the frame.
    @Test func aCloseBehindMuchIsNotCutWhileTheClientTakesIt() {
        var handshake = CloseHandshake()
        _ = handshake.close(self.own, at: self.start)
        #expect(self.sweep(&handshake, at: 60_000, quietSince: 59_000) == .none)
        handshake.closeWasWritten(at: Moment(milliseconds: 61_000))
        #expect(self.sweep(&handshake, at: 65_999, quietSince: 59_000) == .none)
        #expect(self.sweep(&handshake, at: 67_999, quietSince: 63_000) == .none)
        #expect(
            self.sweep(&handshake, at: 68_000, quietSince: 63_000) == .gone(told: WebSocketClose(unsent: .abnormal)))
    }

    @Test func soIsTheEchoOfTheClientsOwn() {
        var handshake = CloseHandshake()
        _ = handshake.received(self.clients, at: self.start)
        #expect(self.sweep(&handshake, at: 10_000, quietSince: 9_000) == .none)
        #expect(self.sweep(&handshake, at: 11_000, quietSince: 9_000) == .gone(told: nil))
    }

    /// Nobody has told the client why, so nobody closed it.
    @Test func aCloseThatWasCutIs1006() {
        let abnormal = CloseHandshake.Action.gone(told: WebSocketClose(unsent: .abnormal))
        var handshake = CloseHandshake()
        _ = handshake.close(self.own, at: self.start)
        #expect(handshake.cut() == abnormal)
        handshake = CloseHandshake()
        _ = handshake.close(self.own, at: self.start)
        handshake.closeWasWritten(at: self.start)
        #expect(handshake.connectionEnded() == abnormal)
        // On its way: what the client left unread it may have seen, unless it was the server who cut it.
        for endsItself in [true, false] {
            handshake = CloseHandshake()
            _ = handshake.close(self.own, at: self.start)
            handshake.closeWasSent(at: self.start)
            #expect(
                (endsItself ? handshake.connectionEnded() : handshake.cut())
                    == (endsItself ? .gone(told: self.own) : abnormal))
        }
    }

    @Test func aConnectionThatBreaksIs1006() {
        var handshake = CloseHandshake()
        guard case .gone(let told?) = handshake.connectionEnded() else {
            Issue.record("not told")
            return
        }
        #expect(told.code == .abnormal)
    }

    @Test func afterAFaultNothingIsRead() {
        var handshake = CloseHandshake()
        #expect(handshake.failed(self.own, at: self.start) == .end(frame: .close(self.own), told: self.own))
        #expect(!handshake.isReading)
        handshake = CloseHandshake()
        _ = handshake.close(self.clients, at: self.start)
        handshake.closeWasWritten(at: self.start)
        #expect(handshake.failed(self.own, at: self.start) == .end(frame: nil, told: self.clients))
    }

    @Test func whatMayNotBeSentIsNot() {
        #expect(WebSocketClose(code: .noCode, reason: "").code == .internalError)
        #expect(WebSocketClose(code: WebSocketCloseCode(rawValue: 4_000), reason: "").code.rawValue == 4_000)
        let long = WebSocketClose(code: .normal, reason: String(repeating: "ä", count: 100))
        #expect(long.reason == String(repeating: "ä", count: 61))
        for code in 0...UInt16.max {
            let expected =
                (1_000...1_003).contains(code) || (1_007...1_014).contains(code) || (3_000...4_999).contains(code)
            if WebSocketCloseCode(rawValue: code).mayBeSent != expected { Issue.record("\(code)") }
        }
    }
}

@Suite("How long a client is waited for") struct SocketClockTests {
    private let times = WebSocketConfiguration()

    @Test func aSilentClientIsAskedAndThenGivenUp() {
        var clock = SocketClock(now: Moment(milliseconds: 0))
        let actions = [19_999, 20_000, 20_250, 29_999, 30_000].map {
            clock.check(at: Moment(milliseconds: $0), self.times)
        }
        #expect(actions == [.none, .ping, .none, .none, .giveUp])
        clock.heard(at: Moment(milliseconds: 29_000))
        let later = [48_999, 49_000, 58_999, 59_000].map { clock.check(at: Moment(milliseconds: $0), self.times) }
        #expect(later == [.none, .ping, .none, .giveUp])
    }

    @Test func whoIsNotListenedToIsNotSilent() {
        var clock = SocketClock(now: Moment(milliseconds: 0))
        clock.listeningChanged(to: false, at: Moment(milliseconds: 10_000))
        #expect(clock.check(at: Moment(milliseconds: 100_000), self.times) == .none)
        clock.listeningChanged(to: true, at: Moment(milliseconds: 100_000))
        #expect(clock.check(at: Moment(milliseconds: 119_999), self.times) == .none)
        #expect(clock.check(at: Moment(milliseconds: 120_000), self.times) == .ping)
    }

    @Test func blockedOutputHasItsTime() {
        var clock = SocketClock(now: Moment(milliseconds: 0))
        clock.outputBlocked(true, at: Moment(milliseconds: 1_000))
        clock.heard(at: Moment(milliseconds: 30_000))
        #expect(clock.check(at: Moment(milliseconds: 30_999), self.times) == .none)
        #expect(clock.check(at: Moment(milliseconds: 31_000), self.times) == .stalled)
        clock.outputBlocked(false, at: Moment(milliseconds: 31_000))
        #expect(clock.check(at: Moment(milliseconds: 31_000), self.times) == .none)
    }

    @Test func blockedOutputThatIsTakenSteadilyHasNone() {
        var clock = SocketClock(now: Moment(milliseconds: 0))
        clock.outputBlocked(true, at: Moment(milliseconds: 1_000))
        for second in 1...600 {
            let now = Moment(milliseconds: Int64(second) * 1_000)
            clock.looked(waits: true, hasTaken: true, at: now, self.times)
            #expect(clock.check(at: now, self.times) == .none)
        }
        #expect(clock.check(at: Moment(milliseconds: 629_999), self.times) != .stalled)
        #expect(clock.check(at: Moment(milliseconds: 630_000), self.times) == .stalled)
    }

    /// A ping stands behind what waits, so who takes that is alive.
    @Test func whoTakesWhatWaitsIsNotSilent() {
        var clock = SocketClock(now: Moment(milliseconds: 0))
        #expect(!clock.mustLook(at: Moment(milliseconds: 14_999), self.times))
        #expect(clock.mustLook(at: Moment(milliseconds: 15_000), self.times))
        #expect(clock.check(at: Moment(milliseconds: 20_000), self.times) == .ping)
        for second in 21...100 {
            let now = Moment(milliseconds: Int64(second) * 1_000)
            clock.looked(waits: true, hasTaken: true, at: now, self.times)
            #expect(clock.check(at: now, self.times) == .none)
        }
        // The ping has arrived: an answer to it has the time that it always has.
        clock.looked(waits: true, hasTaken: false, at: Moment(milliseconds: 124_000), self.times)
        clock.looked(waits: false, hasTaken: true, at: Moment(milliseconds: 125_000), self.times)
        let later = [134_999, 135_000].map { clock.check(at: Moment(milliseconds: $0), self.times) }
        #expect(later == [.none, .giveUp])
    }

    /// It is the client's system that takes a ping; whether the client is alive shows its answer alone.
    @Test func aPingThatArrivesIsNoSignOfLife() {
        var clock = SocketClock(now: Moment(milliseconds: 0))
        #expect(clock.check(at: Moment(milliseconds: 20_000), self.times) == .ping)
        clock.looked(waits: false, hasTaken: true, at: Moment(milliseconds: 25_000), self.times)
        let later = [29_999, 30_000].map { clock.check(at: Moment(milliseconds: $0), self.times) }
        #expect(later == [.none, .giveUp])
    }
}

@Suite("Messages a second") struct MessageRateTests {
    @Test func aBurstMayHaveASecondsMessages() {
        var rate = MessageRate(perSecond: 10, now: Moment(milliseconds: 0))
        let now = Moment(milliseconds: 0)
        let first = (0..<11).map { _ in rate.take(at: now) }
        #expect(first == [Bool](repeating: true, count: 10) + [false])
        let later = (0..<4).map { _ in rate.take(at: Moment(milliseconds: 300)) }
        #expect(later == [true, true, true, false])
        let muchLater = (0..<12).filter { _ in rate.take(at: Moment(milliseconds: 1_000_000)) }
        #expect(muchLater.count == 10)
    }

    @Test func zeroIsNoLimit() {
        var rate = MessageRate(perSecond: 0, now: Moment(milliseconds: 0))
        let all = (0..<1_000).allSatisfy { _ in rate.take(at: Moment(milliseconds: 0)) }
        #expect(all)
    }

    /// What comes in slowly, a token at a time, is not lost to rounding.
    @Test func aSlowRateIsKept() {
        var rate = MessageRate(perSecond: 1, now: Moment(milliseconds: 0))
        let taken = (0...20).filter { rate.take(at: Moment(milliseconds: Int64($0) * 250)) }
        #expect(taken.count == 6)
    }
}
