import NIOCore
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// Frames of a client through ``SocketInput``, however they are cut.
struct Intake {
    var events: [MessageAssembly.Event] = []
    var fault: WebSocketFault?
    private static let now = Moment(milliseconds: 0)
    /// How many bytes had been given when the fault was found.
    var faultAt = 0

    init(
        _ bytes: [UInt8], cut: Cut = .whole, deflate: DeflateParameters? = nil,
        _ configure: (inout WebSocketConfiguration) -> Void = { _ in }
    ) {
        var configuration = WebSocketConfiguration()
        configure(&configuration)
        let pool = CompressionPool(configuration.deflate, now: Self.now)
        let decompression = deflate.map { MessageDecompression($0, pool: pool) }
        var input = SocketInput(
            MessageAssembly(configuration, decompression: decompression), rate: MessageRate(perSecond: 0, now: Self.now)
        )
        do throws(WebSocketFault) {
            for piece in cut.pieces(of: bytes) {
                self.faultAt += piece.count
                input.append(ByteBuffer(bytes: piece))
                while let event = try input.next(at: Self.now) { self.events.append(event) }
            }
        } catch {
            self.fault = error
        }
    }

    init(
        _ frames: [ClientFrame], cut: Cut = .whole, deflate: DeflateParameters? = nil,
        _ configure: (inout WebSocketConfiguration) -> Void = { _ in }
    ) {
        self.init(frames.flatMap(\.bytes), cut: cut, deflate: deflate, configure)
    }
}

extension MessageAssembly.Event {
    static func text(_ text: String) -> Self { .message(.text(ByteBuffer(string: text))) }
    static func binary(_ bytes: [UInt8]) -> Self { .message(.binary(ByteBuffer(bytes: bytes))) }
}

@Suite("Frames to messages (RFC 6455, section 5)") struct AssemblyTests {
    @Test(arguments: Cut.allCases) func framesBecomeMessages(cut: Cut) {
        let long = [UInt8](repeating: 0xAB, count: 70_000)
        let frames: [ClientFrame] = [
            .text("hello"), .text(""), .binary([]), .binary([0, 255]), .text(String(repeating: "ä", count: 100)),
            .text("Käse", isFinal: false), .ping("between"), .more("", isFinal: false), .pong(), .more("brot"),
        ]
        let intake = Intake(frames + (cut == .byteByByte ? [] : [.binary(long)]) + [.close(1000, "bye")], cut: cut)
        #expect(intake.fault == nil)
        let expected: [MessageAssembly.Event] = [
            .text("hello"), .text(""), .binary([]), .binary([0, 255]), .text(String(repeating: "ä", count: 100)),
            .ping(ByteBuffer(string: "between")), .pong, .text("Käsebrot"),
        ]
        #expect(
            intake.events == expected + (cut == .byteByByte ? [] : [.binary(long)])
                + [.close(WebSocketClose(code: .normal, reason: "bye"))])
    }

    @Test(arguments: [
        (ClientFrame(opcode: 1, payload: [65], mask: nil), WebSocketFault.notMasked),
        (ClientFrame(rsv: 4, opcode: 1, payload: []), .reservedBits),
        (ClientFrame(rsv: 2, opcode: 1, payload: []), .reservedBits),
        (ClientFrame(rsv: 1, opcode: 2, payload: []), .reservedBits),
        (ClientFrame(rsv: 4, opcode: 9, payload: []), .reservedBits),
        (ClientFrame(opcode: 3, payload: []), .reservedOpcode),
        (ClientFrame(opcode: 7, payload: []), .reservedOpcode),
        (ClientFrame(opcode: 11, payload: []), .reservedOpcode),
        (ClientFrame(opcode: 15, payload: []), .reservedOpcode),
        (ClientFrame(isFinal: false, opcode: 9, payload: []), .fragmentedControlFrame),
        (ClientFrame(opcode: 9, payload: [UInt8](repeating: 0, count: 126)), .longControlFrame),
        (ClientFrame(opcode: 0, payload: []), .continuationOfNothing),
        (ClientFrame(opcode: 8, payload: [3]), .closeLength),
        (ClientFrame.close(999), .closeCode),
        (ClientFrame.close(1004), .closeCode),
        (ClientFrame.close(1005), .closeCode),
        (ClientFrame.close(1006), .closeCode),
        (ClientFrame.close(1015), .closeCode),
        (ClientFrame.close(2999), .closeCode),
        (ClientFrame.close(5000), .closeCode),
        (ClientFrame(opcode: 8, payload: [3, 232, 0xC3]), .notUTF8),
        (ClientFrame(opcode: 8, payload: [3, 232, 0xFF, 0x41]), .notUTF8),
        (ClientFrame(opcode: 1, payload: [0xC0, 0xAF]), .notUTF8),
        (ClientFrame(opcode: 1, payload: [0xED, 0xA0, 0x80]), .notUTF8),
        (ClientFrame(opcode: 1, payload: [0xE2, 0x82]), .notUTF8),
    ]) func whatIsNotAllowedIsRefused(frame: ClientFrame, fault: WebSocketFault) {
        for cut in Cut.allCases {
            let intake = Intake([.text("before"), frame, .text("after")], cut: cut)
            #expect(intake.fault == fault)
            #expect(intake.events == [.text("before")])
        }
    }

    @Test func messagesDoNotStandInEachOther() {
        #expect(Intake([.text("a", isFinal: false), .text("b")]).fault == .messageInMessage)
        #expect(
            Intake([.text("a", isFinal: false), ClientFrame(rsv: 4, opcode: 0, payload: [])]).fault == .reservedBits)
    }

    @Test func aLengthHasItsShortestForm() {
        let mask: [UInt8] = [0, 0, 0, 0]
        #expect(Intake([0x82, 0xFE, 0, 125] + mask).fault == .lengthEncoding)
        #expect(Intake([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + mask).fault == .lengthEncoding)
        #expect(Intake([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0] + mask).fault == .lengthEncoding)
        #expect(Intake([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] + mask).fault == .frameTooBig)
    }

    @Test func aFrameTooLargeIsSeenAtItsHead() {
        let head = Array(ClientFrame(opcode: 2, payload: [], length: 101).bytes)
        #expect(Intake(head) { $0.maxFrame = 100 }.fault == .frameTooBig)
        #expect(Intake(head) { $0.maxMessage = 100 }.fault == .messageTooBig)
        let parts = [ClientFrame.binary([UInt8](repeating: 1, count: 60), isFinal: false)]
        #expect(Intake(parts + [.more("a")]) { $0.maxMessage = 61 }.events.count == 1)
        #expect(Intake(parts + [.more("ab")]) { $0.maxMessage = 61 }.fault == .messageTooBig)
        // A head may say more than can be added up.
        let huge = ClientFrame(opcode: 0, payload: [], length: .max)
        #expect(Intake(parts + [huge]) { $0.maxFrame = .max }.fault == .messageTooBig)
    }

    @Test func aTextIsRefusedAtItsFirstBadByte() {
        let good = Array("κόσμε".utf8)
        let bytes = ClientFrame(opcode: 1, payload: good + [0xF4, 0x90, 0x80, 0x80] + good).bytes
        let intake = Intake(bytes, cut: .byteByByte)
        #expect(intake.fault == .notUTF8)
        // The second byte of F4 90 cannot be.
        #expect(intake.faultAt == 6 + good.count + 2)
    }

    @Test func utf8IsCheckedAcrossFragments() {
        let text = Array("a€😀z".utf8)
        for place in 0...text.count {
            let frames = [
                ClientFrame(isFinal: false, opcode: 1, payload: Array(text[..<place])),
                ClientFrame(opcode: 0, payload: Array(text[place...])),
            ]
            #expect(Intake(frames).events == [.text("a€😀z")])
            let cut = [
                ClientFrame(isFinal: false, opcode: 1, payload: Array(text[..<place])),
                ClientFrame(opcode: 0, payload: [0xFF]),
            ]
            #expect(Intake(cut).fault == .notUTF8)
        }
    }

    /// Every sequence of up to three bytes, and some of four, beside the standard library's judgement.
    @Test func utf8IsWhatUnicodeSays() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200_000 {
            let bytes = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? UInt8.random(in: 0x7E...0xFF, using: &random) : UInt8.random(in: 0x80...0xBF, using: &random)
            }
            var stream = UTF8Stream()
            let isWellFormed = stream.take(bytes.span) && stream.isComplete
            #expect(isWellFormed == (String(validating: bytes, as: UTF8.self) != nil))
        }
    }
}
