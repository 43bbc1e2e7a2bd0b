import NIOCore
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

extension EventStream {
    /// A stream whose connect is stored.
    static func connected(_ configure: (inout Limits) -> Void = { _ in }) -> EventStream {
        var limits = Limits()
        configure(&limits)
        var stream = EventStream(limits: limits)
        _ = stream.next()
        stream.answered(.stored, at: Moment(milliseconds: 0))
        return stream
    }
}

@Suite("What a socket's workers are told, and when (W5, W6, W15 to W18)") struct EventStreamTests {
    private let start = Moment(milliseconds: 0)

    private func text(_ text: String) -> SocketEvent { .receive(.text(ByteBuffer(string: text))) }
    private let goodbye = SocketEvent.disconnect(code: .normal, reason: "")

    @Test("W6") func theConnectComesFirstAndAlone() {
        var stream = EventStream(limits: .init())
        stream.append(self.text("early"))
        let first = stream.next()
        #expect(first == .init(event: .connect, order: 0, ownChannel: nil))
        let none = stream.next()
        #expect(none == nil && stream.isSending)
        stream.answered(.stored, at: self.start)
        let second = stream.next()
        #expect(second?.order == 1 && second?.event == self.text("early"))
    }

    @Test("W6") func anUnknownOutcomeIsNotSentAgainAndLeavesAGap() {
        var stream = EventStream.connected()
        for text in ["a", "b"] { stream.append(self.text(text)) }
        _ = stream.next()
        stream.answered(.unknown, at: self.start)
        let next = stream.next()
        #expect(next == .init(event: self.text("b"), order: 2, ownChannel: nil))
    }

    @Test("W15") func whatFindsNoRoomIsSentAgainUnderTheSameOrder() {
        var stream = EventStream.connected()
        stream.append(self.text("a"))
        for _ in 0..<3 {
            let next = stream.next()
            #expect(next?.order == 1)
            stream.answered(.noRoom, at: self.start)
        }
        #expect(!stream.isSending)
    }

    @Test("W15") func theBoundsAreSixteenMessagesAndAMebibyteBeyondTheFirst() {
        var stream = EventStream.connected()
        for _ in 0..<16 { stream.append(self.text("x")) }
        #expect(!stream.isFull)
        stream.append(self.text("x"))
        #expect(stream.isFull)

        stream = EventStream.connected()
        let large = String(repeating: "x", count: 600_000)
        for _ in 0..<2 { stream.append(self.text(large)) }
        #expect(!stream.isFull)
        stream.append(self.text(large))
        #expect(stream.isFull)
        _ = stream.next()
        stream.answered(.stored, at: self.start)
        #expect(!stream.isFull)
    }

    @Test("W15") func theGraceRunsFromTheFirstRefusal() {
        var stream = EventStream.connected()
        stream.append(self.text("a"))
        for second in [0, 4, 8] {
            _ = stream.next()
            stream.answered(.noRoom, at: self.start + .seconds(second))
        }
        #expect(!stream.isOverloaded(at: self.start + .milliseconds(9_999)))
        #expect(stream.isOverloaded(at: self.start + .seconds(10)))
        _ = stream.next()
        stream.answered(.stored, at: self.start + .seconds(10))
        stream.append(self.text("b"))
        _ = stream.next()
        stream.answered(.noRoom, at: self.start + .seconds(11))
        #expect(!stream.isOverloaded(at: self.start + .seconds(20)))
        #expect(stream.isOverloaded(at: self.start + .seconds(21)))
    }

    @Test("W15") func anOverloadedStreamKeepsNothingButItsDisconnect() {
        var stream = EventStream.connected()
        for text in ["a", "b", "c"] { stream.append(self.text(text)) }
        stream.append(self.goodbye)
        _ = stream.next()
        stream.answered(.noRoom, at: self.start)
        let dropped = stream.dropWaiting()
        #expect(dropped == 3 && !stream.isFull)
        let next = stream.next()
        #expect(next == .init(event: self.goodbye, order: 1, ownChannel: nil))
    }

    @Test("W6") func whatIsOnItsWayIsNotDropped() {
        var stream = EventStream.connected()
        for text in ["a", "b"] { stream.append(self.text(text)) }
        _ = stream.next()
        let dropped = stream.dropWaiting()
        #expect(dropped == 1)
        stream.answered(.stored, at: self.start)
        let next = stream.next()
        #expect(next == nil)
    }

    @Test("An event that will never be taken") func whatIsRefusedForGoodLeavesNoGap() {
        var stream = EventStream.connected()
        stream.append(self.text("too large"))
        stream.append(self.goodbye)
        _ = stream.next()
        stream.answered(.refused, at: self.start)
        let next = stream.next()
        #expect(next?.order == 1 && next?.event == self.goodbye)
        stream.answered(.refused, at: self.start)
        #expect(stream.isOver)
    }

    @Test("W16") func aSerialStreamWaitsForItsDone() {
        var stream = EventStream.connected()
        stream.becomeSerial()
        // The accept is the connect's.
        stream.append(self.text("a"))
        #expect(stream.isFull && stream.awaitsDone)
        _ = stream.next()
        stream.answered(.stored, at: self.start)
        stream.append(self.text("b"))
        let early = stream.next()
        #expect(early == nil)
        let wrong = [0, 2, -1].map { stream.done($0) }
        #expect(wrong == [false, false, false])
        let right = stream.done(1)
        let twice = stream.done(1)
        #expect(right && !twice)
        let next = stream.next()
        #expect(next?.order == 2)
    }

    /// Over two brokers: the event's, which has not answered yet, and the control channel's.
    @Test("W16", arguments: [EventStream.Outcome.stored, .unknown])
    func aDoneMayComeBeforeTheAnswerToItsEvent(outcome: EventStream.Outcome) {
        var stream = EventStream.connected()
        stream.becomeSerial()
        for (order, text) in [(1, "a"), (2, "b")] {
            stream.append(self.text(text))
            let sending = stream.next()
            #expect(sending?.order == order)
            let mayGoOn = [order - 1, order, order].map { stream.done($0) }
            #expect(mayGoOn == [false, false, false])
            stream.answered(outcome, at: self.start)
            #expect(!stream.isFull && !stream.awaitsDone)
        }
        // It counts for that event alone.
        stream.append(self.text("c"))
        _ = stream.next()
        stream.answered(.stored, at: self.start)
        #expect(stream.isFull && stream.awaitsDone)
    }

    @Test("W17") func aDoneThatDoesNotComeIsGivenUp() {
        var stream = EventStream.connected()
        stream.becomeSerial()
        stream.append(self.text("a"))
        stream.append(self.goodbye)
        _ = stream.next()
        stream.answered(.stored, at: self.start)
        let early = stream.giveUpDone(at: self.start + .milliseconds(29_999))
        let inTime = stream.giveUpDone(at: self.start + .seconds(30))
        let next = stream.next()
        #expect(!early && inTime && next?.event == self.goodbye)
    }

    @Test("W17") func theTimeForDoneStandsStillWhileOutputIsBlocked() {
        var stream = EventStream.connected()
        stream.becomeSerial()
        stream.append(self.text("a"))
        _ = stream.next()
        stream.answered(.stored, at: self.start)
        stream.outputBlocked(true, at: self.start + .seconds(20))
        let blocked = stream.giveUpDone(at: self.start + .seconds(1_000))
        stream.outputBlocked(false, at: self.start + .seconds(1_000))
        let early = stream.giveUpDone(at: self.start + .milliseconds(1_009_999))
        let late = stream.giveUpDone(at: self.start + .seconds(1_010))
        #expect(!blocked && !early && late)
    }

    @Test("W17") func outputThatIsBlockedBeforeTheEventIsSentCountsToo() {
        var stream = EventStream.connected()
        stream.becomeSerial()
        stream.append(self.text("a"))
        stream.outputBlocked(true, at: self.start)
        _ = stream.next()
        stream.answered(.stored, at: self.start)
        let blocked = stream.giveUpDone(at: self.start + .seconds(100))
        stream.outputBlocked(false, at: self.start + .seconds(100))
        let late = stream.giveUpDone(at: self.start + .seconds(130))
        #expect(!blocked && late)
    }

    @Test("W18") func aChannelOfItsOwnIsLeftWhenNobodyReadsThere() {
        var stream = EventStream.connected()
        stream.direct(to: "mine!1")
        stream.append(self.text("a"))
        stream.append(self.text("b"))
        let first = stream.next()
        #expect(first == .init(event: self.text("a"), order: 1, ownChannel: "mine!1"))
        stream.answered(.nobodyThere, at: self.start)
        let again = stream.next()
        #expect(again == .init(event: self.text("a"), order: 1, ownChannel: nil))
        stream.answered(.stored, at: self.start)
        let second = stream.next()
        #expect(second == .init(event: self.text("b"), order: 2, ownChannel: nil))
    }

    @Test("W18") func whatIsOnItsWayIsNotSentAgainWhenTheChannelChanges() {
        var stream = EventStream.connected()
        stream.append(self.text("a"))
        stream.append(self.text("b"))
        _ = stream.next()
        stream.direct(to: "mine!1")
        let none = stream.next()
        #expect(none == nil)
        stream.answered(.stored, at: self.start)
        let next = stream.next()
        #expect(next == .init(event: self.text("b"), order: 2, ownChannel: "mine!1"))
    }

    @Test("W5") func nothingFollowsTheDisconnect() {
        var stream = EventStream.connected()
        stream.append(self.goodbye)
        _ = stream.next()
        stream.answered(.unknown, at: self.start)
        stream.append(self.text("late"))
        stream.append(self.goodbye)
        let next = stream.next()
        #expect(stream.isOver && next == nil && !stream.awaitsDone)
    }
}

/// Everything that can happen, in any order, many times (W5, W6, W15 to W18).
@Suite struct EventStreamRandomTests {
    /// What a socket goes through, and what must hold all the while.
    private struct Life {
        var stream = EventStream(limits: .init())
        var now = Moment(milliseconds: 0)
        var isSerial = false
        var hasClosed = false
        var blocked = false
        /// Orders as they went to workers, with what became of them.
        var sent: [(order: Int, event: SocketEvent)] = []
        var unanswered: EventStream.Sending?
        /// What is waited for, and from when on it may be given up.
        var undone: (order: Int, until: Moment)?
        var isDoneEarly = false
        var receives = 0

        mutating func send() {
            guard let sending = self.stream.next() else { return }
            #expect(self.unanswered == nil, "two events on their way")
            #expect(sending.order == self.sent.count, "the order has a hole that nothing explains")
            #expect(self.undone == nil, "an event ahead of its done")
            self.unanswered = sending
        }

        mutating func answer(_ outcome: EventStream.Outcome) {
            guard let sending = self.unanswered else { return }
            self.unanswered = nil
            self.stream.answered(outcome, at: self.now)
            defer { self.isDoneEarly = false }
            guard outcome == .stored || outcome == .unknown else { return }
            self.sent.append((sending.order, sending.event))
            if self.isSerial, !self.isDoneEarly, case .receive = sending.event {
                self.undone = (sending.order, self.now + .seconds(outcome == .stored ? 30 : 5))
            }
        }

        mutating func done(_ order: Int) {
            let isAwaited = self.undone?.order == order
            if self.unanswered?.order == order { self.isDoneEarly = true }
            let mayGoOn = self.stream.done(order)
            #expect(mayGoOn == isAwaited)
            if isAwaited { self.undone = nil }
        }

        /// The worker that has the latest event.
        mutating func loseWorker() {
            guard self.unanswered == nil, let last = self.sent.last else { return }
            let isAwaited = self.undone?.order == last.order
            let isSentAgain = self.stream.lost(last.order)
            #expect((isSentAgain != nil) == isAwaited)
            guard isAwaited else { return }
            self.undone = nil
            if isSentAgain == true { self.sent.removeLast() }
        }

        mutating func pass(_ time: Duration) {
            self.now = self.now + time
            if self.stream.giveUpDone(at: self.now) {
                #expect(self.undone.map { $0.until <= self.now } == true, "given up too early")
                self.undone = nil
            }
            if self.stream.isOverloaded(at: self.now) { _ = self.stream.dropWaiting() }
        }

        mutating func loseBroker() {
            self.stream.doubtDone(at: self.now)
            if let undone { self.undone?.until = min(undone.until, self.now + .seconds(5)) }
        }

        mutating func end() {
            guard !self.hasClosed else { return }
            self.hasClosed = true
            self.stream.append(.disconnect(code: .normal, reason: ""))
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func oneDisconnectAndNoOrderTwice(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var life = Life()
        for _ in 0..<300 {
            switch Int.random(in: 0..<17, using: &random) {
            case 0...2 where !life.hasClosed && !life.stream.isFull && !life.sent.isEmpty:
                life.stream.append(.receive(.text(ByteBuffer(string: "\(life.receives)"))))
                life.receives += 1
            case 3...5: life.send()
            case 6...7: life.answer(.stored)
            case 8: life.answer(Bool.random(using: &random) ? .noRoom : .unknown)
            case 9: if life.unanswered?.ownChannel != nil { life.answer(.nobodyThere) }
            case 10: life.done(Int.random(in: 0...life.sent.count, using: &random))
            case 11:
                life.pass(.seconds(Int.random(in: 0...12, using: &random)))
                if !life.isSerial, life.sent.count == 1, life.unanswered == nil {
                    life.isSerial = true
                    life.stream.becomeSerial()
                }
            case 14: life.loseBroker()
            case 15: life.loseWorker()
            case 12: life.stream.direct(to: Bool.random(using: &random) ? "mine" : nil)
            case 13 where life.hasClosed == false && Int.random(in: 0..<20, using: &random) == 0: life.end()
            default:
                life.blocked.toggle()
                life.stream.outputBlocked(life.blocked, at: life.now)
            }
        }
        life.end()
        life.stream.outputBlocked(false, at: life.now)
        for _ in 0..<100 where !life.stream.isOver {
            life.answer(.stored)
            life.send()
            life.pass(.seconds(31))
        }
        #expect(life.stream.isOver, "the disconnect never came")
        let disconnects = life.sent.filter { if case .disconnect = $0.event { true } else { false } }
        #expect(disconnects.count == 1 && disconnects.first?.order == life.sent.last?.order)
        #expect(life.sent.map(\.order) == Array(0..<life.sent.count))
    }
}
