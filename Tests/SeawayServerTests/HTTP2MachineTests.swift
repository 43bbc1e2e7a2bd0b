import SeawayServer
import Testing

@Suite("The machines of HTTP/2") struct HTTP2MachineTests {
    private let start = Moment(milliseconds: 0)
    private let times = ServerConfiguration()

    @Test("Z7") func aConnectionWithoutAStreamIsToldThatItEndsAndThenEnds() {
        var clock = HTTP2Clock(now: self.start)
        func expiry(_ seconds: Int, isBusy: Bool = false) -> HTTP2Clock.Expiry {
            clock.expiry(at: self.start + .seconds(seconds), isBusy: isBusy, times: self.times)
        }
        #expect(expiry(74) == .none)
        #expect(expiry(75) == .leave)
        #expect(expiry(1_000, isBusy: true) == .none)
        clock.becameIdle(at: self.start + .seconds(50))
        #expect(expiry(124) == .none)
        #expect(expiry(125) == .leave)
        clock.saidGoodbye(at: self.start + .seconds(125))
        #expect(expiry(126) == .none)
        #expect(expiry(127, isBusy: true) == .none)
        #expect(expiry(127) == .close)
        // A last answer ends later than the goodbye was said.
        clock.becameIdle(at: self.start + .seconds(200))
        #expect(expiry(201) == .none)
        #expect(expiry(202) == .close)
    }

    @Test("Z4") func whoTakesALittleIsNotStalled() {
        var output = HTTP2Output(now: self.start)
        let minute = Duration.seconds(60)
        #expect(!output.isOpen && !output.isStalled(for: minute, at: self.start + .seconds(1_000)))
        output.wrote(50_000, at: self.start)
        for seconds in stride(from: 50, through: 150, by: 50) {
            let now = self.start + .seconds(seconds)
            output.left(10)
            output.look(at: now)
            #expect(!output.isStalled(for: minute, at: now))
        }
        let later = self.start + .seconds(210)
        output.look(at: later)
        #expect(output.isOpen && output.isStalled(for: minute, at: later))
        output.left(49_970)
        output.look(at: later)
        #expect(!output.isOpen && !output.isStalled(for: minute, at: later + minute))
    }
}
