import NIOCore
import NIOEmbedded
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("One WebSocket") struct PeerTests {
    @Test(arguments: Cut.allCases) func messagesComeAndGo(cut: Cut) throws {
        let socket = try EmbeddedPeer()
        let frames: [ClientFrame] = [
            .text("hello"), .ping("x"), .binary([1, 2]), .text("a", isFinal: false), .more("b"),
        ]
        for piece in cut.pieces(of: frames.flatMap(\.bytes)) { try socket.receive(piece) }
        #expect(socket.user.events == [.text("hello"), .binary([1, 2]), .text("ab")])
        #expect(try socket.frames() == [.pong("x")])
        socket.send("one", "two")
        socket.peer.send(PreparedMessage(.binary, [9], isShared: false))
        #expect(try socket.frames() == [.text("one"), .text("two"), .binary([9])])
        #expect(socket.core.counters.receivedMessages == 3 && socket.core.counters.receivedBytes == 9)
        #expect(socket.core.counters.sentMessages == 3 && socket.core.counters.openSockets == 1)
    }

    @Test func whatIsSentInOneTurnIsOneWrite() throws {
        let socket = try EmbeddedPeer()
        socket.send("a", "b", "c")
        #expect(try socket.writes().count == 1)
        let large = PreparedMessage(.binary, [UInt8](repeating: 1, count: 10_000), isShared: true)
        socket.send("d")
        socket.peer.send(large)
        socket.send("e")
        let writes = try socket.writes()
        #expect(writes.map(\.count) == [3, 10_004, 3])
    }

    @Test func manySmallMessagesAreAllWritten() throws {
        let socket = try EmbeddedPeer()
        let texts = (0..<900).map { "message \($0) " + String(repeating: "x", count: 100) }
        for text in texts { socket.send(text) }
        #expect(try socket.frames() == texts.map { .text($0) })
    }

    // MARK: Closing

    @Test func theClientCloses() throws {
        let socket = try EmbeddedPeer()
        try socket.receive(.close(4_001, "enough"), .text("too late"))
        #expect(try socket.frames() == [.close(4_001, "enough")])
        #expect(socket.user.events == [.closed(4_001, "enough")])
        #expect(socket.sideHasEnded && socket.isConnected)
        socket.send("nobody hears")
        #expect(socket.user.events.last == .dropped(.closing, 1))
        socket.hangUp()
        #expect(socket.user.events.last == .ended)
        #expect(socket.core.counters.openSockets == 0)
    }

    @Test func aClientThatLingersIsCut() throws {
        let socket = try EmbeddedPeer()
        try socket.receive(.close(nil))
        #expect(try socket.frames() == [.close(nil, "")])
        socket.pass(.seconds(1))
        #expect(socket.isConnected)
        socket.pass(.seconds(1))
        #expect(!socket.isConnected)
        #expect(socket.user.events == [.closed(1_005, ""), .ended])
        #expect(socket.core.counters.closeTimeouts == 0)
    }

    @Test func theServerClosesBehindItsMessages() throws {
        let socket = try EmbeddedPeer()
        socket.send("last words")
        socket.peer.close(code: .goingAway, reason: "so long")
        socket.send("too late")
        #expect(try socket.frames() == [.text("last words"), .close(1_001, "so long")])
        try socket.receive(.text("crossing"), .ping(), .close(1_001))
        #expect(try socket.frames() == [])
        #expect(socket.user.events == [.dropped(.closing, 1), .closed(1_001, "so long")])
        #expect(socket.sideHasEnded)
    }

    @Test func theServerClosesInFrontOfItsMessages() throws {
        let socket = try EmbeddedPeer()
        socket.send("never sent")
        socket.peer.close(code: .goingAway, behindMessages: false)
        #expect(try socket.frames() == [.close(1_001, "")])
        #expect(socket.user.events == [.dropped(.unsent, 1)])
    }

    @Test func aCloseThatIsNotAnsweredHasItsTime() throws {
        let socket = try EmbeddedPeer()
        socket.peer.close()
        #expect(try socket.frames() == [.close(1_000, "")])
        socket.pass(.milliseconds(4_999))
        #expect(socket.user.events == [] && socket.isConnected)
        socket.pass(.milliseconds(1))
        #expect(socket.user.events == [.closed(1_000, ""), .ended])
        #expect(!socket.isConnected && socket.core.counters.closeTimeouts == 1)
    }

    @Test func aBrokenConnectionIs1006() throws {
        let socket = try EmbeddedPeer()
        socket.hangUp()
        #expect(socket.user.events == [.closed(1_006, ""), .ended])
        let aborted = try EmbeddedPeer()
        aborted.peer.abort()
        aborted.pass(.zero)
        #expect(aborted.user.events == [.closed(1_006, ""), .ended] && !aborted.isConnected)
    }

    @Test(arguments: [
        (ClientFrame(opcode: 1, payload: [], mask: nil), 1_002, "frame not masked"),
        (ClientFrame(opcode: 1, payload: [0xFF]), 1_007, "text is not UTF-8"),
        (ClientFrame.binary([], isFinal: true), 0, ""),
        (ClientFrame(opcode: 2, payload: [], length: 2_000_000), 1_009, "frame too big"),
        (ClientFrame(opcode: 8, payload: [0]), 1_002, "close frame of one byte"),
    ]) func aFaultCloses(frame: ClientFrame, code: UInt16, reason: String) throws {
        let socket = try EmbeddedPeer()
        socket.user.onMessage = { $0.send(PreparedMessage(.text, "answer".utf8, isShared: false)) }
        try socket.receive(.text("good"), frame, .text("not seen"))
        guard code != 0 else {
            #expect(socket.user.events == [.text("good"), .binary([]), .text("not seen")])
            return
        }
        #expect(try socket.frames() == [.text("answer"), .close(code, reason)])
        #expect(socket.user.events == [.text("good"), .closed(code, reason)])
        #expect(socket.sideHasEnded)
        #expect(socket.core.counters.malformed == (code == 1_009 ? 0 : 1))
        #expect(socket.core.counters.tooBig == (code == 1_009 ? 1 : 0))
    }

    @Test func tooManyMessagesClose() throws {
        let socket = try EmbeddedPeer { $0.maxMessagesPerSecond = 3 }
        try socket.receive(.text("1"), .ping("2"), .text("3"))
        #expect(try socket.frames() == [.pong("2")])
        socket.pass(.milliseconds(400))
        try socket.receive(.text("4"), .pong(), .text("5"))
        #expect(try socket.frames() == [.close(1_008, "too many messages")])
        #expect(socket.user.events == [.text("1"), .text("3"), .text("4"), .closed(1_008, "too many messages")])
        #expect(socket.core.counters.tooFast == 1)
    }

    /// They cost work like any other; a Close frame is the last.
    @Test(
        "W22",
        arguments: [
            [ClientFrame.ping(), .ping(), .ping()], [.pong(), .pong(), .pong()],
            [.text("", isFinal: false), .more("", isFinal: false), .more("", isFinal: false)],
            [.text("a"), .text("b", isFinal: false), .more("c")],
        ]) func framesOfEveryKindCount(frames: [ClientFrame]) throws
    {
        let socket = try EmbeddedPeer { $0.maxMessagesPerSecond = 2 }
        try socket.receive(frames[0], frames[1])
        #expect(socket.core.counters.tooFast == 0)
        try socket.receive(frames[2])
        #expect(try socket.frames().last == .close(1_008, "too many messages"))
        #expect(socket.core.counters.tooFast == 1)
        let other = try EmbeddedPeer { $0.maxMessagesPerSecond = 2 }
        try other.receive(frames[0], .ping(), .close(1_000))
        #expect(other.user.events.last == .closed(1_000, ""))
    }

    @Test func unfinishedMessagesAreBoundedOverAllSockets() throws {
        let socket = try EmbeddedPeer { $0.maxBufferedMessages = 100 }
        let other = try EmbeddedPeer(beside: socket)
        let half = [UInt8](repeating: 1, count: 60)
        try socket.receive(.binary(half, isFinal: false))
        try other.receive(.binary(half, isFinal: false))
        #expect(other.user.events == [.closed(1_013, "too many messages are being received")])
        #expect(socket.core.counters.noRoom == 1)
        // What the one held is free again, and what is whole is not counted.
        let third = try EmbeddedPeer(beside: socket)
        try third.receive(
            .binary([1], isFinal: false), ClientFrame(isFinal: false, opcode: 0, payload: half.suffix(39)))
        try socket.receive(ClientFrame(opcode: 0, payload: half))
        #expect(socket.user.events == [.binary(half + half)])
        try third.receive(ClientFrame(isFinal: false, opcode: 0, payload: half))
        #expect(third.user.events == [])
    }

    // MARK: Times

    @Test("W21") func aSilentClientIsPingedAndGivenUp() throws {
        let socket = try EmbeddedPeer()
        socket.pass(.seconds(20))
        #expect(try socket.frames() == [.ping])
        try socket.receive(.pong())
        socket.pass(.seconds(20))
        #expect(try socket.frames() == [.ping])
        socket.pass(.seconds(10))
        #expect(socket.user.events == [.closed(1_006, ""), .ended])
        #expect(socket.core.counters.silent == 1 && !socket.isConnected)
    }

    // MARK: Reading

    @Test func whoStopsReadingGetsNothing() throws {
        let socket = try EmbeddedPeer()
        socket.user.onMessage = { $0.setReading(false) }
        try socket.receive(.text("1"), .text("2"), .ping("3"), .close(1_000))
        #expect(socket.user.events == [.text("1")])
        #expect(try socket.frames() == [])
        socket.pass(.seconds(100))
        #expect(socket.isConnected)
        socket.peer.setReading(true)
        #expect(socket.user.events == [.text("1"), .text("2")])
        socket.user.onMessage = { _ in }
        socket.peer.setReading(true)
        #expect(try socket.frames() == [.pong("3"), .close(1_000, "")])
        #expect(socket.user.events == [.text("1"), .text("2"), .closed(1_000, "")])
    }

    @Test func whoStopsReadingDoesNotAskForMore() throws {
        let socket = try EmbeddedPeer()
        socket.channel.read()
        socket.peer.setReading(false)
        let before = socket.reads
        socket.channel.read()
        #expect(socket.reads == before)
        socket.peer.setReading(true)
        #expect(socket.reads == before + 1)
        // After the end all is read, so that the client's own end is seen.
        socket.peer.setReading(false)
        socket.peer.close(behindMessages: false)
        socket.channel.read()
        #expect(socket.reads == before + 2)
    }

    @Test func readingMayStopAndGoOnWithinAMessage() throws {
        let socket = try EmbeddedPeer()
        socket.user.onMessage = {
            $0.setReading(false)
            $0.setReading(true)
        }
        try socket.receive(.text("1"), .text("2"), .text("3"))
        #expect(socket.user.events == [.text("1"), .text("2"), .text("3")])
    }

    @Test func lastWordsAreHeardAfterTheConnection() throws {
        let socket = try EmbeddedPeer()
        socket.peer.setReading(false)
        try socket.receive(.text("last"), .close(1_001, "bye"))
        socket.hangUp()
        #expect(socket.user.events == [])
        socket.peer.setReading(true)
        #expect(socket.user.events == [.text("last"), .closed(1_001, "bye"), .ended])
        let other = try EmbeddedPeer()
        other.peer.setReading(false)
        try other.receive(.text("last"))
        other.hangUp()
        other.peer.close(code: .tryAgainLater)
        // It had left, and nobody told it anything.
        #expect(other.user.events == [.closed(1_006, ""), .ended])
    }

    @Test func whatIsHeldIsBounded() throws {
        let socket = try EmbeddedPeer { $0.maxHeldInput = 100 }
        socket.peer.setReading(false)
        try socket.receive(.binary([UInt8](repeating: 0, count: 80)))
        #expect(socket.user.events == [])
        try socket.receive(.text("too much"), .text("too much"))
        #expect(socket.user.events == [.closed(1_006, ""), .ended])
    }

    @Test func closingReadsOn() throws {
        let socket = try EmbeddedPeer()
        socket.peer.setReading(false)
        try socket.receive(.text("not wanted any more"))
        socket.peer.close(code: .goingAway)
        socket.peer.setReading(false)
        try socket.receive(.close(1_001))
        #expect(socket.user.events == [.closed(1_001, "")])
    }

    // MARK: Compression

    @Test func bothSidesCompress() throws {
        let socket = try EmbeddedPeer(deflate: DeflateParameters())
        try socket.receive(.compressed(DeflateTests.hello), .text("plain"))
        #expect(socket.user.events == [.text("Hello"), .text("plain")])
        let message = PreparedMessage(.text, String(repeating: "x", count: 1_000).utf8, isShared: true)
        socket.peer.send(message)
        socket.send("small")
        let frames = try socket.frames()
        guard case .compressed(1, let payload)? = frames.first, frames.last == .text("small") else {
            Issue.record("\(frames)")
            return
        }
        #expect(payload.count < 30)
    }

    // MARK: Memory

    @Test func nothingStaysOfASocketThatEnded() throws {
        weak var peer: WebSocketPeer?
        weak var user: Keeper?
        let socket = try EmbeddedPeer()
        do {
            let keeper = Keeper()
            let kept = WebSocketPeer(core: socket.core, deflate: DeflateParameters(), delegate: keeper)
            keeper.peer = kept
            (peer, user) = (kept, keeper)
            let channel = EmbeddedChannel(loop: socket.channel.embeddedEventLoop)
            channel.connect(to: try SocketAddress(ipAddress: "192.0.2.7", port: 50_312), promise: nil)
            try channel.addWebSocketHandlers(kept)
            kept.send(PreparedMessage(.text, "hello".utf8, isShared: false))
            _ = try channel.finish(acceptAlreadyClosed: true)
        }
        socket.pass(.zero)
        #expect(peer == nil && user == nil)
        #expect(socket.core.counters.openSockets == 1)
    }

    /// Holds its peer, as most users will.
    private final class Keeper: WebSocketPeerDelegate {
        var peer: WebSocketPeer?
        func received(_ message: WebSocketMessage) {}
        func outputBlocked(_ isBlocked: Bool) {}
        func dropped(_ reason: WebSocketDrop, count: Int) {}
        func closed(code: WebSocketCloseCode, reason: String) {}
        func connectionEnded() {}
    }
}
