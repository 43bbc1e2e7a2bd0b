import NIOCore
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("What becomes of a socket's event whose worker is lost (W31)") struct LostEventTests {
    private let start = Moment(milliseconds: 0)

    private func text(_ text: String) -> SocketEvent { .receive(.text(ByteBuffer(string: text))) }
    private let goodbye = SocketEvent.disconnect(code: .normal, reason: "")

    /// A serial stream whose event waits for its `done`, with another behind it.
    private func waiting(_ configure: (inout EventStream.Limits) -> Void = { _ in }) -> EventStream {
        var stream = EventStream.connected(configure)
        stream.becomeSerial()
        for text in ["a", "b"] { stream.append(self.text(text)) }
        let first = stream.next()
        #expect(first == .init(event: self.text("a"), order: 1, ownChannel: nil, isSerial: true, losses: 0))
        stream.answered(.stored, at: self.start)
        return stream
    }

    @Test("W31") func whatAWorkerIsLostWithIsSentOnceMoreBeforeAllThatWaits() {
        var stream = self.waiting()
        let bytes = stream.bytes
        let others = (stream.lost(0), stream.lost(2))
        #expect(others == (nil, nil))
        let isSentAgain = stream.lost(1)
        #expect(isSentAgain == true && stream.bytes == bytes)
        let again = stream.next()
        #expect(again == .init(event: self.text("a"), order: 1, ownChannel: nil, isSerial: true, losses: 1))
        stream.answered(.stored, at: self.start)
        let isDone = stream.done(1)
        #expect(isDone)
        let next = stream.next()
        #expect(next == .init(event: self.text("b"), order: 2, ownChannel: nil, isSerial: true, losses: 0))
    }

    @Test("W31") func aWorkerThatIsLostBehindItsDoneChangesNothing() {
        var stream = self.waiting()
        let isDone = stream.done(1)
        #expect(isDone)
        let late = stream.lost(1)
        #expect(late == nil)
        let next = stream.next()?.event
        #expect(next == self.text("b"))
    }

    @Test("W31") func aLossThatIsToldBeforeTheBrokersAnswerCounts() {
        var stream = EventStream.connected()
        stream.becomeSerial()
        stream.append(self.text("a"))
        _ = stream.next()
        let isSentAgain = stream.lost(1)
        #expect(isSentAgain == true)
        stream.answered(.stored, at: self.start)
        let again = stream.next()
        #expect(again == .init(event: self.text("a"), order: 1, ownChannel: nil, isSerial: true, losses: 1))
    }

    @Test("W31") func anEventThatEndsEachOfItsWorkersEndsBeforeTheNext() {
        var stream = self.waiting { $0.tries = 3 }
        for losses in 1..<3 {
            let isSentAgain = stream.lost(1)
            #expect(isSentAgain == true)
            let later = stream.next()?.losses
            #expect(later == losses)
            stream.answered(.stored, at: self.start)
        }
        let isSentAgain = stream.lost(1)
        #expect(isSentAgain == false)
        let next = stream.next()
        #expect(next == .init(event: self.text("b"), order: 2, ownChannel: nil, isSerial: true, losses: 0))
    }

    @Test("W31") func whatIsGivenUpIsNotWaitedFor() {
        var stream = self.waiting()
        let isGivenUp = stream.gaveUp(0)
        let isGivenUpNow = stream.gaveUp(1)
        #expect(!isGivenUp && isGivenUpNow)
        let next = stream.next()?.event
        #expect(next == self.text("b"))
    }

    @Test("W31") func whatIsNotKeptIsNotReported() {
        var stream = EventStream.connected()
        stream.append(self.text("a"))
        let last = stream.next()?.losses
        #expect(last == nil)
        stream.answered(.stored, at: self.start)
        stream.becomeSerial()
        stream.append(self.text("b"))
        let later = stream.next(keeping: false)?.losses
        #expect(later == nil)
        stream.answered(.stored, at: self.start)
        let isDone = stream.done(2)
        #expect(stream.bytes == 0 && isDone)
        stream.direct(to: "mine!1")
        stream.append(self.text("c"))
        let next = stream.next()?.losses
        #expect(next == nil)
    }

    @Test("W5, W31") func theDisconnectWaitsForWhatIsSentOnceMore() {
        var stream = self.waiting()
        stream.append(self.goodbye)
        let isSentAgain = stream.lost(1)
        #expect(isSentAgain == true)
        for order in 1...2 {
            let next = stream.next()?.order
            #expect(next == order)
            stream.answered(.stored, at: self.start)
            #expect(stream.awaitsDone)
            let isDone = stream.done(order)
            #expect(isDone)
        }
        let later = stream.next()?.event
        #expect(later == self.goodbye)
    }
}
