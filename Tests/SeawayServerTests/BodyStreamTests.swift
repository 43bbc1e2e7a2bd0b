import NIOCore
import SeawayMessage
import SeawayServer
import Testing

@Suite("Bodies in pieces: the machine (I40 to I43)") struct BodyStreamTests {
    private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    private func held(_ text: String) -> HeldBody { HeldBody(self.bytes(text)) }

    @Test("I40") func nothingLeavesBeforeTheReaderAsks() {
        var stream = BodyStream(pieceSize: 4)
        stream.came(self.bytes("abcdef"))
        #expect(stream.next() == nil && !stream.hasRoom && !stream.waitsForClient)
        stream.ask(upTo: 3)
        #expect(stream.next() == .init(content: self.held("abc"), offset: 0, moreContent: true))
        #expect(stream.next() == nil, "one is under way")
        #expect(stream.settled(.taken) == nil)
        #expect(stream.next() == nil, "it has what it has asked for")
        #expect(stream.hasRoom)
    }

    @Test("I41") func piecesAreInOrderAndTheLastSaysSo() {
        var stream = BodyStream(pieceSize: 4)
        stream.ask(upTo: 100)
        stream.came(self.bytes("abcdef"))
        #expect(stream.next() == .init(content: self.held("abcd"), offset: 0, moreContent: true))
        stream.becameWhole()
        _ = stream.settled(.taken)
        #expect(stream.next() == .init(content: self.held("ef"), offset: 4))
        _ = stream.settled(.taken)
        #expect(stream.isOver && stream.next() == nil && stream.held == 0)
    }

    @Test("I41") func aPieceIsAsLargeAsItMayBeHoweverItsBytesCame() {
        var stream = BodyStream(pieceSize: 4)
        stream.ask(upTo: 100)
        for part in ["abc", "de", "fghi"] { stream.came(self.bytes(part)) }
        stream.becameWhole()
        var pieces: [BodyStream.Piece] = []
        while let piece = stream.next() {
            pieces.append(piece)
            _ = stream.settled(.taken)
        }
        #expect(
            pieces == [
                .init(content: self.held("abcd"), offset: 0, moreContent: true),
                .init(content: self.held("efgh"), offset: 4, moreContent: true),
                .init(content: self.held("i"), offset: 8),
            ])
        #expect(pieces[0] != .init(content: self.held("abcx"), offset: 0, moreContent: true))
    }

    @Test("I41") func theMessageOfAPieceStaysBelow64KiB() {
        let size = ServerConfiguration().bodyPiece
        let piece = BodyStream.Piece(
            content: HeldBody(ByteBuffer(repeating: 1, count: size)), offset: .max - size, moreContent: true)
        #expect(RequestMessage(scheme: "http", rootPath: "").bodyPiece(piece).count < 65_536)
    }

    @Test("I41") func theEndIsToldToWhoeverHasAllAndAsksNoMore() {
        var stream = BodyStream(pieceSize: 4)
        stream.ask(upTo: 2)
        stream.came(self.bytes("ab"))
        _ = stream.next()
        _ = stream.settled(.taken)
        #expect(stream.next() == nil && !stream.waitsForClient)
        stream.becameWhole()
        #expect(stream.next() == .init(offset: 2))
    }

    @Test("I42") func aRefusedPieceIsTriedAgainAndNotOvertaken() {
        var stream = BodyStream(pieceSize: 4)
        stream.ask(upTo: 100)
        stream.came(self.bytes("abcdef"))
        let first = stream.next()
        #expect(stream.settled(.notNow) == .milliseconds(2))
        #expect(stream.next() == nil)
        #expect(stream.tryAgain() == first)
        #expect(stream.settled(.notNow) == .milliseconds(4))
        #expect(stream.tryAgain() == first)
        #expect(stream.tryAgain() == nil)
        _ = stream.settled(.taken)
        #expect(stream.next()?.offset == 4)
        for _ in 0..<20 {
            #expect((stream.settled(.notNow) ?? .zero) <= .milliseconds(250))
            _ = stream.tryAgain()
        }
    }

    @Test("I42") func whatWasSentIsNotKeptWhileTheClientIsAhead() {
        var stream = BodyStream(pieceSize: 1_024)
        stream.ask(upTo: .max)
        var sent: [UInt8] = []
        for round in 0..<1_000 {
            while stream.hasRoom { stream.came(ByteBuffer(repeating: UInt8(round % 256), count: 700)) }
            guard let piece = stream.next() else { break }
            #expect(piece.content.buffers.allSatisfy { $0.storageCapacity <= 4_096 })
            sent.append(contentsOf: piece.content.bytes)
            _ = stream.settled(.taken)
        }
        #expect(sent.count > 500_000 && stream.held < 4_096)
        #expect(zip(sent, sent.dropFirst()).allSatisfy { $0 == $1 || $0 &+ 1 == $1 }, "in order")
    }

    @Test("I40") func aReaderThatAsksForLittleGetsItInOrder() {
        var stream = BodyStream(pieceSize: 8)
        var sent = ""
        for (count, letter) in "abcdefghijklmnopqrstuvwxyz".enumerated() {
            stream.came(self.bytes(String(repeating: letter, count: 3)))
            if letter == "z" { stream.becameWhole() }
            stream.ask(upTo: letter == "z" ? 78 : count * 2)
            while let piece = stream.next() {
                #expect(piece.offset == sent.utf8.count)
                sent += String(decoding: Array(piece.content.bytes), as: UTF8.self)
                _ = stream.settled(.taken)
            }
        }
        #expect(stream.isOver)
        #expect(sent == "abcdefghijklmnopqrstuvwxyz".map { String(repeating: $0, count: 3) }.joined())
    }

    @Test("I43") func aReaderIsToldThatTheBodyIsNotWhole() {
        var stream = BodyStream(pieceSize: 4)
        stream.ask(upTo: 100)
        stream.came(self.bytes("abcdef"))
        _ = stream.next()
        stream.breakOff()
        #expect(stream.next() == nil, "behind the piece under way")
        _ = stream.settled(.taken)
        #expect(stream.next() == .init(offset: 4, isClosed: true))
        _ = stream.settled(.taken)
        #expect(stream.isOver)
    }

    @Test("I43") func theEndTakesThePlaceOfARefusedPiece() {
        var stream = BodyStream(pieceSize: 4)
        stream.ask(upTo: 100)
        stream.came(self.bytes("abcdef"))
        _ = stream.next()
        _ = stream.settled(.notNow)
        stream.breakOff()
        #expect(stream.tryAgain() == .init(offset: 0, isClosed: true))
        var tries = 1
        while stream.settled(.notNow) != nil, tries < 100 {
            _ = stream.tryAgain()
            tries += 1
        }
        #expect(stream.isOver && tries < 100, "nobody is waited for forever")
    }

    @Test("I43") func whoeverHasNotAskedIsToldNothing() {
        var stream = BodyStream(pieceSize: 4)
        stream.came(self.bytes("abcdef"))
        stream.breakOff()
        #expect(stream.isOver && stream.next() == nil && stream.held == 0)
    }

    @Test func aChannelThatTheReaderClosedGetsNothingMore() {
        var stream = BodyStream(pieceSize: 4)
        stream.ask(upTo: 100)
        stream.came(self.bytes("abcdef"))
        _ = stream.next()
        #expect(stream.settled(.unwanted) == nil)
        #expect(stream.isOver && stream.hasRoom)
        stream.came(self.bytes("g"))
        #expect(stream.held == 0)
    }

    @Test func theClientIsWaitedForWhenTheReaderHasAllThatCame() {
        var stream = BodyStream(pieceSize: 4)
        #expect(!stream.waitsForClient)
        stream.ask(upTo: 100)
        #expect(stream.waitsForClient)
        stream.came(self.bytes("a"))
        #expect(!stream.waitsForClient)
        _ = stream.next()
        _ = stream.settled(.taken)
        #expect(stream.waitsForClient)
        stream.becameWhole()
        #expect(!stream.waitsForClient)
    }
}
