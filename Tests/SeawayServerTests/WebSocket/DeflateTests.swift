import NIOCore
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("Compressed messages (W20, RFC 7692)") struct DeflateTests {
    static let all = DeflateParameters()
    static let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]

    @Test("section 7.2.3", arguments: Cut.allCases) func theExamplesOfTheSpecification(cut: Cut) {
        let second: [UInt8] = [0xF2, 0x00, 0x11, 0x00, 0x00]
        let frames: [ClientFrame] = [
            .compressed(Self.hello),
            // Refers to the message before.
            .compressed(second),
            .compressed(Array(Self.hello[..<3]), isFinal: false),
            ClientFrame(opcode: 0, payload: Array(Self.hello[3...])),
            // Not compressed inside.
            .compressed([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]),
            // A block that says it is the last.
            .compressed([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]),
            // Two blocks; and the window is still there.
            .compressed([0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]),
            .text("plain"), .compressed(second), .compressed([0x00]), .compressed([]),
        ]
        let intake = Intake(frames, cut: cut, deflate: Self.all)
        #expect(intake.fault == nil)
        #expect(
            intake.events
                == ["Hello", "Hello", "Hello", "Hello", "Hello", "Hello", "plain", "Hello", "", ""].map { .text($0) })
    }

    @Test func withoutContextEachMessageBeginsAnew() {
        let frames: [ClientFrame] = [.compressed(Self.hello), .compressed([0xF2, 0x00, 0x11, 0x00, 0x00])]
        let intake = Intake(frames, deflate: DeflateParameters(clientNoContextTakeover: true))
        #expect(intake.events == [.text("Hello")])
        #expect(intake.fault == .notDeflate)
    }

    @Test func whatIsNotDeflateIsRefused() {
        #expect(Intake([.compressed([0xFF, 0xFF, 0xFF])], deflate: Self.all).fault == .notDeflate)
        #expect(Intake([.compressed([0xF2, 0x00, 0x11, 0x00, 0x00])], deflate: Self.all).fault == .notDeflate)
        // Without the extension the bit means nothing.
        #expect(Intake([.compressed(Self.hello)]).fault == .reservedBits)
    }

    @Test func compressedTextIsCheckedToo() {
        let frame = Self.compress([0x61, 0xFF, 0x62], opcode: 1)
        #expect(Intake([frame], deflate: Self.all).fault == .notUTF8)
        #expect(Intake([Self.compress([0xE2, 0x82], opcode: 1)], deflate: Self.all).fault == .notUTF8)
    }

    @Test func aBombIsStoppedAtTheLimit() {
        let bomb = Self.compress([UInt8](repeating: 0, count: 50_000_000), opcode: 2)
        #expect(bomb.payload.count < 100_000)
        #expect(Intake([bomb], deflate: Self.all).fault == .messageTooBig)
        let exact = Self.compress([UInt8](repeating: 7, count: 1_048_576), opcode: 2)
        #expect(Intake([exact], deflate: Self.all).events == [.binary([UInt8](repeating: 7, count: 1_048_576))])
        let over = Self.compress([UInt8](repeating: 7, count: 1_048_577), opcode: 2)
        #expect(Intake([over], deflate: Self.all).fault == .messageTooBig)
        // Over several frames as well.
        var first = Self.compress([UInt8](repeating: 7, count: 700_000), opcode: 2)
        var second = first
        first.isFinal = false
        first.payload += [0, 0, 0xFF, 0xFF]
        second.opcode = 0
        second.rsv = 0
        #expect(Intake([first, second], deflate: Self.all).fault == .messageTooBig)
    }

    /// Blocks that hold nothing: the last of a stream, four of fixed codes, one that is stored.
    @Test(arguments: [[0x03, 0x00], [0x02, 0x08, 0x20, 0x80, 0x00], [0x00, 0x00, 0x00, 0xFF, 0xFF]] as [[UInt8]])
    func whatStandsForNothingIsCutOff(block: [UInt8]) {
        for opcode in [1, 2] as [UInt8] {
            let frame = ClientFrame.compressed(Array(repeatElement(block, count: 5_000).joined()), opcode: opcode)
            let intake = Intake([frame], deflate: Self.all)
            #expect(intake.fault == .deflateOverhead && intake.events.isEmpty)
        }
        let frames = (0..<400).map { place in
            var frame = ClientFrame.compressed(Array(repeatElement(block, count: 10).joined()), isFinal: false)
            if place > 0 { (frame.opcode, frame.rsv) = (0, 0) }
            return frame
        }
        #expect(Intake(frames, deflate: Self.all).fault == .deflateOverhead)
    }

    @Test func aMessageInPiecesOfOneByteEachIsTaken() throws {
        let deflater = try #require(Deflater(windowBits: 15, DeflateConfiguration()))
        let text = "a message whose sender writes each letter by itself, over and over again".utf8
        let letters = Array(repeatElement(Array(text), count: 100).joined())
        var frames: [ClientFrame] = []
        for letter in letters {
            var piece = ByteBuffer()
            withUnsafeBytes(of: letter) { deflater.deflate($0, to: &piece) }
            piece.writeBytes([0, 0, 0xFF, 0xFF])
            var frame = ClientFrame.compressed(Array(piece.readableBytesView), isFinal: false)
            if !frames.isEmpty { (frame.opcode, frame.rsv) = (0, 0) }
            frames.append(frame)
        }
        frames.append(ClientFrame(opcode: 0, payload: [0]))
        let intake = Intake(frames, deflate: Self.all)
        #expect(intake.fault == nil && intake.events == [.text(String(decoding: letters, as: UTF8.self))])
    }

    /// Each message may have its last block, and the next goes on with the window.
    @Test func lastBlocksCostTheirMessagesNothing() {
        let second: [UInt8] = [0xF2, 0x00, 0x11, 0x00, 0x00]
        let last: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
        let frames = (0..<100).flatMap { _ in [ClientFrame.compressed(last), .compressed(second)] }
        let intake = Intake(frames, deflate: Self.all)
        #expect(intake.fault == nil)
        #expect(intake.events == [MessageAssembly.Event](repeating: .text("Hello"), count: 200))
    }

    /// Every window, with data that a larger window would refer back to.
    @Test(arguments: 8...15) func aWindowIsNotLeft(bits: Int) throws {
        let core = DeflateConfiguration()
        let deflater = try #require(Deflater(windowBits: bits, core))
        let inflater = try #require(Inflater(windowBits: bits))
        var random = SeededGenerator(seed: UInt64(bits))
        let block = (0..<400).map { _ in UInt8.random(in: 0...255, using: &random) }
        for round in 0..<200 {
            let noise = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...3, using: &random)
            }
            let message = block.prefix(round * 2) + noise + block
            var compressed = ByteBuffer()
            message.withUnsafeBytes { deflater.deflate($0, to: &compressed) }
            compressed.writeBytes([0, 0, 0xFF, 0xFF])
            var plain = ByteBuffer()
            try compressed.withUnsafeReadableBytes { try inflater.inflate($0, to: &plain, limit: 100_000) }
            #expect(Array(plain.readableBytesView) == Array(message))
        }
    }

    /// A client's compressed frame, made by our own compressor.
    static func compress(_ bytes: [UInt8], opcode: UInt8) -> ClientFrame {
        var output = ByteBuffer()
        let deflater = Deflater(windowBits: 15, DeflateConfiguration())
        bytes.withUnsafeBytes { deflater?.deflate($0, to: &output) }
        return .compressed(Array(output.readableBytesView), opcode: opcode)
    }
}

@Suite("Messages prepared for many") struct PreparedMessageTests {
    private let pool = CompressionPool(DeflateConfiguration(), now: Moment(milliseconds: 0))
    private let text = String(repeating: "All hands on deck. ", count: 20)

    @Test(arguments: [0, 1, 125, 126, 65_535, 65_536, 70_000]) func headsSayTheirLength(count: Int) {
        let payload = [UInt8](repeating: 1, count: count)
        let frame = PreparedMessage(.binary, payload, isShared: true).frame
        #expect(ServerFrame.all(in: Array(frame.readableBytesView)) == [.binary(payload)])
    }

    /// Clients whose windows differ in what they hold understand the same frame.
    @Test func oneFrameServesAllContexts() throws {
        var sender = MessageCompression(
            DeflateParameters(serverMaxWindowBits: 12), pool: self.pool, now: Moment(milliseconds: 0))
        let reader = Reader()
        let shared = PreparedMessage(.text, self.text.utf8, isShared: true)
        for round in 0..<10 {
            let own = PreparedMessage(.text, (self.text + "\(round)").utf8, isShared: false)
            #expect(try reader.read(sender.frame(of: own, at: Moment(milliseconds: 0))) == self.text + "\(round)")
            let frame = sender.frame(of: shared, at: Moment(milliseconds: 0))
            #expect(frame == shared.frame(windowBits: 12, pool: self.pool))
            #expect(try reader.read(frame) == self.text)
        }
    }

    @Test func aContextMakesMessagesSmaller() throws {
        var sender = MessageCompression(
            DeflateParameters(serverMaxWindowBits: 12), pool: self.pool, now: Moment(milliseconds: 0))
        var alone = MessageCompression(
            DeflateParameters(serverNoContextTakeover: true), pool: self.pool, now: Moment(milliseconds: 0))
        let json = (0..<12).map { "{\"field\(49 &* $0 % 101)\": \"value \($0)\"}" }.joined()
        var sizes: [Int] = []
        for time in 0..<3 {
            let message = PreparedMessage(.text, json.utf8, isShared: false)
            sizes.append(sender.frame(of: message, at: Moment(milliseconds: Int64(time))).readableBytes)
            let own = alone.frame(of: message, at: Moment(milliseconds: 0)).readableBytes
            #expect(own == alone.frame(of: message, at: Moment(milliseconds: 0)).readableBytes)
        }
        #expect(sizes[1] < sizes[0] / 3 && sizes[2] <= sizes[1])
        // Freed after a while, it begins anew.
        sender.sweep(at: Moment(milliseconds: 60_000))
        let message = PreparedMessage(.text, json.utf8, isShared: false)
        #expect(sender.frame(of: message, at: Moment(milliseconds: 60_000)).readableBytes == sizes[0])
    }

    @Test func whatGainsNothingIsSentAsItIs() {
        var random = SeededGenerator(seed: 1)
        let noise = (0..<500).map { _ in UInt8.random(in: 0...255, using: &random) }
        var sender = MessageCompression(DeflateParameters(), pool: self.pool, now: Moment(milliseconds: 0))
        for isShared in [true, false] {
            let small = PreparedMessage(.text, "x".utf8, isShared: isShared)
            #expect(sender.frame(of: small, at: Moment(milliseconds: 0)) == small.frame)
            let dense = PreparedMessage(.binary, noise, isShared: isShared)
            #expect(sender.frame(of: dense, at: Moment(milliseconds: 0)) == dense.frame)
        }
    }

    /// A client's side of compression.
    private struct Reader {
        private let inflater = Inflater(windowBits: 12)

        func read(_ frame: ByteBuffer) throws -> String? {
            guard case .compressed(_, let payload)? = ServerFrame.all(in: Array(frame.readableBytesView)).first
            else { return nil }
            var plain = ByteBuffer()
            try (payload + [0, 0, 0xFF, 0xFF]).withUnsafeBytes {
                try self.inflater?.inflate($0, to: &plain, limit: 10_000)
            }
            return String(buffer: plain)
        }
    }
}
