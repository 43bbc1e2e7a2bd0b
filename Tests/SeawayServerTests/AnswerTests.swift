import NIOCore
import SeawayMessage
import SeawayServer
import Testing

@Suite("A message of an answer (I10 to I15)") struct AnswerTests {
    static let limits = Answer.Limits(fields: 3, bytes: 60)

    static func read(_ message: Message) throws -> Answer {
        try Answer(message.payload, limits: Self.limits)
    }

    @Test func absentAndNullFieldsHaveTheirDefaults() throws {
        let answer = try Self.read([
            "status": 200, "headers": nil, "content": nil, "more_content": nil, "offset": nil,
            "unknown": [1, ["a": nil]],
        ])
        #expect(answer.piece == AnswerStream.Piece(status: 200, size: 0))
        #expect(answer.fields.isEmpty && answer.content.isEmpty)
        #expect(try Self.read([:]).piece == AnswerStream.Piece(size: 0))
    }

    @Test func textStandsForItsBytes() throws {
        let answer = try Self.read([
            "more_content": true, "content": "é", "headers": [["a", .bytes([0x62, 0xFF])]], "offset": 7,
        ])
        #expect(Array(answer.content) == [0xC3, 0xA9])
        #expect(answer.piece == AnswerStream.Piece(size: 2, moreContent: true, offset: 7))
        #expect(answer.bytes[try #require(answer.fields.first).value] == [0x62, 0xFF])
    }

    static let wrongTypes: [(Message, String)] = [
        (["status": "200"], "status"), (["status": 2.5], "status"), (["content": 1], "content"),
        (["more_content": 1], "more_content"), (["offset": "1"], "offset"), (["headers": ["a": "b"]], "headers"),
        (["headers": [["a"]]], "headers"), (["headers": [["a", "b", "c"]]], "headers"),
        (["headers": [["a", 1]]], "headers"), (["headers": ["a"]], "headers"),
    ]

    @Test(arguments: Self.wrongTypes)
    func aValueOfAnotherTypeIsAFault(message: Message, field: String) {
        #expect(throws: AnswerFault.wrongType(field: field)) { try Self.read(message) }
    }

    @Test(arguments: [
        ("", "b"), ("a b", "c"), ("a:", "c"), ("é", "c"), ("a", "b\r\nset-cookie: c"), ("a", "b\nc"), ("a", "b\u{0}c"),
        ("a", "\u{7F}"),
    ])
    func aFieldThatCouldBeAnotherIsAFault(name: String, value: String) {
        #expect(throws: AnswerFault.fieldNotLegal) {
            try Self.read(["headers": [[.string(name), .string(value)]]])
        }
    }

    @Test func fieldsAreBounded() {
        #expect(throws: AnswerFault.fieldsTooLarge) {
            try Self.read(["headers": [["a", "b"], ["a", "b"], ["a", "b"], ["a", "b"]]])
        }
        #expect(throws: AnswerFault.fieldsTooLarge) {
            try Self.read(["headers": [["a", .string(String(repeating: "b", count: 56))]]])
        }
    }

    @Test(arguments: [
        ("9", 9), (" 9", 9), ("9 \t", 9), ("", nil), (" ", nil), ("+9", nil), ("9 9", nil), ("9,9", nil),
        ("9999999999999999999", nil),
    ])
    func theLengthThatAWorkerSaysIsANumber(value: String, length: Int?) throws {
        #expect(try Self.read(["headers": [["content-length", .string(value)]]]).declaredLength == length)
    }

    @Test func theLargestFieldsAndATabAreLegal() throws {
        let longest = try Self.read(["headers": [["a", .string(String(repeating: "b", count: 55))]]])
        #expect(longest.fieldBytes == 60)
        #expect(try Self.read(["headers": [["a!", "b\tc é"], ["a", ""], ["a", "b"]]]).fields.count == 3)
    }

    @Test(arguments: [
        [], [0x01], [0xC1], [0x81], [0x81, 0xA1], [0x80, 0x80], [0x81, 0x01, 0x01], [0xDF, 0xFF, 0xFF, 0xFF, 0xFF],
    ])
    func whatIsNoMessageIsAFault(bytes: [UInt8]) {
        #expect(throws: AnswerFault.notAMessage) { try Answer(Payload(messagePack: bytes), limits: Self.limits) }
    }

    /// Every cut of a good message, and many random ones, must be read or refused, never more.
    @Test func noBytesStopTheReader() {
        let whole = (["status": 200, "headers": [["a", "b"]], "content": "hello", "more_content": true] as Message)
            .payload
        var generator = SystemRandomNumberGenerator()
        var read = 0
        for _ in 0..<2_000 {
            var bytes = Array(whole.messagePack.prefix(Int.random(in: 0...whole.count, using: &generator)))
            if !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if (try? Answer(Payload(messagePack: bytes), limits: Self.limits)) != nil { read += 1 }
        }
        #expect(read < 2_000)
    }
}

@Suite("The messages of one answer (I10, I12, I13)") struct AnswerStreamTests {
    typealias Piece = AnswerStream.Piece

    @Test func oneMessageIsAWholeAnswer() {
        var stream = AnswerStream()
        #expect(!stream.hasBegun)
        #expect(stream.receive(Piece(status: 200, size: 5)) == .begin(status: 200, isLast: true))
        #expect(stream.hasBegun)
    }

    @Test func piecesFollowWithOrWithoutAnOffset() {
        var stream = AnswerStream()
        #expect(stream.receive(Piece(status: 200, size: 4, moreContent: true)) == .begin(status: 200, isLast: false))
        #expect(stream.receive(Piece(size: 4, moreContent: true, offset: 4)) == .continue(isLast: false))
        #expect(stream.receive(Piece(size: 0, moreContent: true)) == .continue(isLast: false))
        #expect(stream.receive(Piece(size: 5, offset: 8)) == .continue(isLast: true))
    }

    @Test(arguments: [
        (Piece(size: 1, moreContent: true, offset: 11), AnswerStream.Step.breakOff(.hole(expected: 10, offset: 11))),
        (Piece(size: 10, moreContent: true, offset: 0), .duplicate),
        (Piece(size: 4, moreContent: true, offset: 6), .duplicate),
        (Piece(size: 5, moreContent: true, offset: 6), .breakOff(.overlap(expected: 10, offset: 6))),
        (Piece(size: 4, offset: 6), .breakOff(.overlap(expected: 10, offset: 6))),
        (Piece(size: 4, moreContent: true, offset: -4), .breakOff(.overlap(expected: 10, offset: -4))),
        (Piece(size: 4, moreContent: true, offset: .min), .breakOff(.overlap(expected: 10, offset: .min))),
        (Piece(size: 4, moreContent: true, offset: .max), .breakOff(.hole(expected: 10, offset: .max))),
        (Piece(status: 200, size: 4, moreContent: true), .breakOff(.secondStatus)),
    ])
    func whatDoesNotFollowIsDroppedOrBreaksOff(piece: Piece, step: AnswerStream.Step) {
        var stream = AnswerStream()
        _ = stream.receive(Piece(status: 200, size: 10, moreContent: true))
        #expect(stream.receive(piece) == step)
    }

    @Test(arguments: [
        (Piece(size: 2, moreContent: true), AnswerStream.Step.continue(isLast: false)),
        (Piece(size: 2), .continue(isLast: true)),
        (Piece(size: 1, moreContent: true), .continue(isLast: false)),
        (Piece(size: 1), .breakOff(.otherLength(expected: 12, received: 11))),
        (Piece(size: 3, moreContent: true), .breakOff(.otherLength(expected: 12, received: 13))),
        (Piece(size: 3), .breakOff(.otherLength(expected: 12, received: 13))),
    ])
    func whatWasSaidToBeAllIsAll(piece: Piece, step: AnswerStream.Step) {
        var stream = AnswerStream()
        _ = stream.receive(Piece(status: 200, size: 10, moreContent: true))
        stream.expect(12)
        #expect(stream.receive(piece) == step)
    }

    @Test(arguments: [
        (Piece(size: 5), AnswerFault.noStatus), (Piece(status: 199, size: 0), .statusOutOfRange(199)),
        (Piece(status: 600, size: 0), .statusOutOfRange(600)), (Piece(status: .min, size: 0), .statusOutOfRange(.min)),
        (Piece(status: 200, size: 0, offset: 1), .hole(expected: 0, offset: 1)),
    ])
    func aFirstMessageNeedsAStatus(piece: Piece, fault: AnswerFault) {
        var stream = AnswerStream()
        #expect(stream.receive(piece) == .breakOff(fault))
        #expect(!stream.hasBegun)
    }
}

@Suite("How an answer is written (I10, I13, I14)") struct AnswerWriterTests {
    static let writer = AnswerWriter(server: "seaway", date: HTTPDate(unixSeconds: 784_111_777))

    static func text(_ buffer: ByteBuffer) -> String { String(buffer: buffer) }

    @Test(arguments: [
        (200, false, false, 5, true, nil, BodyFraming.length(5)),
        (200, false, false, 0, true, nil, .length(0)),
        (200, false, false, 5, true, 9, .length(5)),
        (200, false, false, 5, false, nil, .chunked),
        (200, false, false, 5, false, 9, .length(9)),
        (200, false, true, 5, false, nil, .untilClose),
        (200, false, true, 5, false, 9, .length(9)),
        (200, false, true, 5, true, nil, .length(5)),
        (200, true, false, 5, true, 9, .none(contentLength: 5)),
        (200, true, false, 0, true, 9, .none(contentLength: 9)),
        (200, true, false, 0, true, nil, .none(contentLength: nil)),
        (200, true, false, 5, false, nil, .none(contentLength: nil)),
        (204, false, false, 5, true, 9, .none(contentLength: nil)),
        (205, false, false, 5, true, 9, .none(contentLength: 0)),
        (205, false, false, 5, false, nil, .none(contentLength: 0)),
        (205, true, true, 0, true, nil, .none(contentLength: 0)),
        (304, false, false, 5, true, 9, .none(contentLength: 9)),
    ])
    func theFramingFollowsFromMethodStatusAndVersion(
        status: Int, isHead: Bool, isHTTP10: Bool, size: Int, isLast: Bool, declared: Int?, framing: BodyFraming
    ) {
        #expect(
            BodyFraming(
                status: status, isHead: isHead, isHTTP10: isHTTP10, size: size, isLast: isLast, declaredLength: declared
            ) == framing)
    }

    @Test func theServersOwnFieldsReplaceTheWorkers() throws {
        let answer = try Answer(
            ([
                "headers": [
                    ["Content-Type", "text/plain"], ["Content-Length", "99"], ["transfer-encoding", "chunked"],
                    ["Connection", "close"], ["X_Own", "kept"], ["Set-Cookie", "a"], ["Set-Cookie", "b"],
                ], "content": "hello",
            ] as Message).payload, limits: .init(fields: 256, bytes: 65_536))
        let output = Self.writer.begin(answer, status: 200, framing: .length(5), connection: .keepAlive)
        #expect(
            Self.text(output) == """
                HTTP/1.1 200 OK\r
                Content-Type: text/plain\r
                X_Own: kept\r
                Set-Cookie: a\r
                Set-Cookie: b\r
                date: Sun, 06 Nov 1994 08:49:37 GMT\r
                server: seaway\r
                content-length: 5\r
                connection: keep-alive\r
                \r
                hello
                """)
    }

    @Test func theWorkersDateAndServerComeFirst() throws {
        let answer = try Answer(
            (["headers": [["date", "today"], ["SERVER", "mine"]]] as Message).payload,
            limits: .init(fields: 256, bytes: 65_536))
        let output = Self.writer.begin(answer, status: 299, framing: .none(contentLength: nil), connection: .close)
        #expect(
            Self.text(output).split(separator: "\r\n").dropFirst() == [
                "date: today", "SERVER: mine", "connection: close",
            ])
    }

    @Test func anEmptyPieceDoesNotEndAChunkedBody() throws {
        let empty = try Answer(([:] as Message).payload, limits: .init(fields: 1, bytes: 1))
        let piece = try Answer((["content": "0123456789abcdef"] as Message).payload, limits: .init(fields: 1, bytes: 1))
        #expect(Self.text(Self.writer.piece(empty, framing: .chunked, isLast: false)) == "")
        #expect(Self.text(Self.writer.piece(empty, framing: .chunked, isLast: true)) == "0\r\n\r\n")
        #expect(
            Self.text(Self.writer.piece(piece, framing: .chunked, isLast: true))
                == "10\r\n0123456789abcdef\r\n0\r\n\r\n")
        #expect(Self.text(Self.writer.piece(piece, framing: .untilClose, isLast: true)) == "0123456789abcdef")
    }

    @Test("Each error answer (I21)", arguments: ErrorAnswer.allCases)
    func anErrorAnswerIsOneLineOfText(error: ErrorAnswer) {
        let text = Self.text(Self.writer.error(error, isHead: false, connection: .unsaid))
        #expect(text.hasPrefix("HTTP/1.1 \(error.status) "))
        #expect(text.hasSuffix("content-length: \(error.text.utf8.count + 1)\r\n\r\n\(error.text)\n"))
        #expect(text.contains("retry-after: 1\r\n") == (error.status == 503))
        #expect(Self.text(Self.writer.error(error, isHead: true, connection: .unsaid)).hasSuffix("\r\n\r\n"))
        var counters = ServerCounters()
        counters.count(error)
        #expect(counters != ServerCounters())
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_924_991_999, "Tue, 31 Dec 2030 23:59:59 GMT"),
    ])
    func datesAreThoseOfRFC9110(second: Int, text: String) {
        var date = HTTPDate(unixSeconds: 5)
        date.update(unixSeconds: second)
        #expect(date.text == text)
    }
}
