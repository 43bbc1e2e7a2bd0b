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

    @Test("Z4") func aStreamIsFullAboveTheMostThatMayWaitUntilLittleWaits() {
        var output = HTTP2Output(now: self.start, maxUnsent: 100, resumeBelow: 20)
        output.wrote(100, at: self.start)
        #expect(!output.isFull)
        output.wrote(1, at: self.start)
        #expect(output.isFull)
        #expect(!output.left(81) && output.isFull)
        #expect(output.left(1) && !output.isFull)
        #expect(!output.left(19) && !output.isOpen)
    }

    @Test("Z8") func whatIsKeptOfABodyAndWhatMayComeAreNeverMoreThanTheWindow() {
        var window = HTTP2Window(size: 262_144)
        var held = 0
        for piece in 0..<100 {
            // The client sends all that it may, in frames; the reader takes nothing for a while, then a piece.
            while window.open > 0 {
                let frame = min(window.open, 16_384)
                window.came(frame)
                held += frame
                if held < 65_536 { _ = window.grant(held: held) }
                #expect(window.open + held <= 262_144)
            }
            #expect(window.isClosed)
            held = max(0, held - (piece.isMultiple(of: 3) ? 65_536 : 200_000))
            if held < 65_536 {
                #expect(window.grant(held: held) == 262_144 - held)
                #expect(!window.isClosed)
            }
        }
    }

    @Test("Z8") func whoSendsLittleIsToldNothing() {
        var window = HTTP2Window(size: 262_144)
        window.came(32_767)
        #expect(window.grant(held: 0) == nil)
        window.came(1)
        #expect(window.grant(held: 0) == 262_144 - 32_767)
        #expect(window.grant(held: 0) == nil)
        // More than the window is kept: a body that was taken whole may be.
        window.came(262_144)
        #expect(window.grant(held: 300_000) == nil)
    }
}
