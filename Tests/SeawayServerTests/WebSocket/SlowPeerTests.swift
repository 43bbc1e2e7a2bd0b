import NIOCore
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// A WebSocket whose client takes less than it is sent: what waits, what is dropped, when it ends.
@Suite("One slow WebSocket") struct SlowPeerTests {
    @Test func aSlowClientBlocksAndIsClosed() throws {
        let socket = try EmbeddedPeer { $0.maxQueuedMessages = 4 }
        socket.becomeWritable(false)
        socket.send("1", "2", "3", "4")
        #expect(socket.user.events == [])
        socket.send("5")
        #expect(socket.user.events == [.blocked(true)])
        socket.becomeWritable(true)
        #expect(try socket.frames() == (1...5).map { .text("\($0)") })
        #expect(socket.user.events == [.blocked(true), .blocked(false)])
        socket.becomeWritable(false)
        socket.send("1", "2", "3", "4", "5")
        try socket.receive(.pong())
        socket.pass(.seconds(29))
        try socket.receive(.pong())
        socket.pass(.seconds(1))
        #expect(socket.user.events.suffix(2) == [.dropped(.unsent, 5), .closed(1_008, "too slow")])
        #expect(socket.core.counters.blockedTooLong == 1 && socket.core.counters.blocked == 2)
        // Its last frame could not be written.
        #expect(socket.isConnected && !socket.sideHasEnded)
        socket.pass(.seconds(2))
        #expect(!socket.isConnected && socket.user.events.last == .ended)
    }

    @Test func aFastClientIsNeverBlockedWithinATurn() throws {
        let socket = try EmbeddedPeer(policy: .keepNewest) { $0.maxQueuedMessages = 4 }
        let texts = (0..<50).map(String.init)
        for text in texts { socket.send(text) }
        #expect(try socket.frames() == texts.map { .text($0) })
        #expect(socket.user.events == [])
    }

    @Test func whatOverflowsCloses() throws {
        let socket = try EmbeddedPeer {
            $0.maxOverflow = 2_000; $0.maxQueuedBytes = 1_000
        }
        socket.becomeWritable(false)
        let text = String(repeating: "x", count: 400)
        socket.send(text, text, text, text, text)
        #expect(
            socket.user.events == [
                .blocked(true), .dropped(.unsent, 1), .dropped(.unsent, 4), .closed(1_008, "too slow"),
            ])
        socket.becomeWritable(true)
        #expect(try socket.frames() == [.close(1_008, "too slow")])
        #expect(socket.sideHasEnded)
    }

    @Test func oldMessagesGiveWay() throws {
        let socket = try EmbeddedPeer(policy: .dropOldest) { $0.maxQueuedMessages = 3 }
        socket.becomeWritable(false)
        socket.send("1", "2", "3", "4", "5")
        try socket.receive(.ping("still"))
        #expect(socket.user.events == [.dropped(.oldest, 1), .blocked(true), .dropped(.oldest, 1)])
        socket.becomeWritable(true)
        #expect(try socket.frames() == [.pong("still"), .text("3"), .text("4"), .text("5")])
        #expect(socket.core.counters.droppedOldest == 2)
        #expect(socket.user.events.last == .blocked(false))
    }

    @Test func onlyTheNewestMessageIsKept() throws {
        let socket = try EmbeddedPeer(policy: .keepNewest)
        socket.becomeWritable(false)
        for count in 0..<10 { socket.send("\(count)") }
        socket.becomeWritable(true)
        #expect(try socket.frames() == [.text("9")])
        #expect(socket.core.counters.droppedReplaced == 9)
    }

    /// A message that was dropped must not be missing from the client's window.
    @Test func droppedMessagesDoNotSpoilCompression() throws {
        let parameters = DeflateParameters(serverMaxWindowBits: 12)
        let socket = try EmbeddedPeer(policy: .dropOldest, deflate: parameters) { $0.maxQueuedMessages = 2 }
        let texts = (0..<8).map { "\($0): " + String(repeating: "All hands on deck. ", count: 20) }
        let inflater = try #require(Inflater(windowBits: 12))
        var read: [String] = []
        for (count, text) in texts.enumerated() {
            if count == 2 { socket.becomeWritable(false) }
            if count == 7 { socket.becomeWritable(true) }
            socket.peer.send(PreparedMessage(.text, text.utf8, isShared: count == 1))
            for frame in try socket.frames() {
                guard case .compressed(1, let payload) = frame else { continue }
                var plain = ByteBuffer()
                try (payload + [0, 0, 0xFF, 0xFF]).withUnsafeBytes {
                    try inflater.inflate($0, to: &plain, limit: 1_000)
                }
                read.append(String(buffer: plain))
            }
        }
        #expect(read == [texts[0], texts[1], texts[5], texts[6], texts[7]])
    }

    @Test func pongsAreBounded() throws {
        let socket = try EmbeddedPeer { $0.maxQueuedPongs = 3 }
        socket.becomeWritable(false)
        for count in 0..<10 { try socket.receive(.ping("\(count)")) }
        socket.becomeWritable(true)
        #expect(try socket.frames() == [.pong("7"), .pong("8"), .pong("9")])
        #expect(socket.core.counters.droppedPongs == 7)
    }

    // MARK: Steady readers

    /// A client that takes a little at a time, as its system tells.
    private func steady(_ configure: (inout WebSocketConfiguration) -> Void = { _ in }) throws -> (EmbeddedPeer, Intake)
    {
        let socket = try EmbeddedPeer(configure)
        let intake = Intake()
        socket.core.outgoing = { _ in intake.look() }
        socket.send("first")
        _ = try socket.frames()
        socket.becomeWritable(false)
        return (socket, intake)
    }

    @Test("W21") func aCloseBehindMuchWaitsForASteadyReader() throws {
        let (socket, intake) = try self.steady()
        socket.send("1", "2")
        socket.peer.close(code: .goingAway)
        for _ in 0..<600 { socket.pass(.milliseconds(250)) }
        #expect(socket.user.events == [] && socket.isConnected)
        socket.becomeWritable(true)
        #expect(try socket.frames() == [.text("1"), .text("2"), .close(1_001, "")])
        for _ in 0..<600 { socket.pass(.milliseconds(250)) }
        #expect(socket.isConnected)
        // From when it has all, it has its time to answer.
        intake.pace = .all
        for _ in 0..<20 { socket.pass(.milliseconds(250)) }
        #expect(socket.user.events == [] && socket.isConnected)
        socket.pass(.milliseconds(250))
        #expect(socket.user.events == [.closed(1_001, ""), .ended] && socket.core.counters.closeTimeouts == 1)
    }

    @Test("W10") func aCloseThatWasCutIs1006() throws {
        let (socket, intake) = try self.steady()
        socket.peer.close(code: .goingAway)
        socket.becomeWritable(true)
        #expect(try socket.frames() == [.close(1_001, "")])
        intake.pace = .nothing
        for _ in 0..<19 { socket.pass(.milliseconds(250)) }
        #expect(socket.user.events == [])
        socket.pass(.milliseconds(500))
        #expect(socket.user.events == [.closed(1_006, ""), .ended])
        let (other, _) = try self.steady()
        other.peer.close(code: .goingAway)
        other.peer.abort()
        #expect(other.user.events == [.closed(1_006, ""), .ended])
    }

    @Test func theEchoOfACloseIsNotCutEither() throws {
        let (socket, intake) = try self.steady()
        try socket.receive(.close(1_000))
        for _ in 0..<100 { socket.pass(.milliseconds(250)) }
        #expect(socket.isConnected)
        intake.pace = .nothing
        for _ in 0..<9 { socket.pass(.milliseconds(250)) }
        #expect(!socket.isConnected && socket.user.events == [.closed(1_000, ""), .ended])
    }

    @Test("W21") func whoTakesBytesSteadilyIsAlive() throws {
        let (socket, intake) = try self.steady()
        for _ in 0..<1_000 { socket.pass(.milliseconds(250)) }
        #expect(socket.user.events == [])
        intake.pace = .nothing
        for _ in 0..<119 { socket.pass(.milliseconds(250)) }
        #expect(socket.user.events == [])
        // It is looked after only when it matters, so that the last that was taken may be found late.
        for _ in 0..<61 { socket.pass(.milliseconds(250)) }
        #expect(socket.user.events == [.closed(1_006, ""), .ended])
    }

    @Test("W13") func whoIsBlockedButTakesBytesIsNotTooSlow() throws {
        let (socket, intake) = try self.steady { $0.maxQueuedMessages = 1 }
        socket.send("1", "2", "3")
        for _ in 0..<1_000 { socket.pass(.milliseconds(250)) }
        #expect(socket.user.events == [.blocked(true)])
        intake.pace = .nothing
        for _ in 0..<120 { socket.pass(.milliseconds(250)) }
        #expect(socket.user.events == [.blocked(true)])
        socket.pass(.milliseconds(250))
        #expect(socket.user.events.last == .closed(1_008, "too slow"))
    }

    @Test func aHealthySocketIsNotLookedAt() throws {
        let socket = try EmbeddedPeer()
        let intake = Intake()
        socket.core.outgoing = { _ in intake.look() }
        for _ in 0..<100 {
            socket.send("news")
            try socket.receive(.pong())
            socket.pass(.milliseconds(250))
        }
        #expect(intake.looks == 0)
    }

    /// What a client's system takes.
    private final class Intake {
        enum Pace { case all, steady, nothing }
        var pace = Pace.steady { didSet { self.taken += 1 } }
        private(set) var looks = 0
        private var taken: UInt64 = 0

        func look() -> Outgoing {
            self.looks += 1
            if self.pace != .nothing { self.taken += 1 }
            return Outgoing(waiting: self.pace == .all ? 0 : 1, taken: self.taken)
        }
    }
}
