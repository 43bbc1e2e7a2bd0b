import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("Answers compressed on their way (O11 to O15)") struct CompressionTests {
    static let page = Array(String(repeating: "<p>All work and no play.</p>\n", count: 200).utf8)
    static let html: [Value] = [["content-type", "text/html; charset=utf-8"]]

    /// Head and content of the only answer that has come.
    struct Output {
        let head: String
        let content: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) {
            let end =
                bytes.indices.dropLast(3).first { bytes[$0..<($0 + 4)].elementsEqual("\r\n\r\n".utf8) } ?? bytes.count
            self.head = String(decoding: bytes[..<end], as: UTF8.self) + "\r\n"
            self.content = bytes.dropFirst(end + 4)
        }

        func has(_ line: String) -> Bool { self.head.contains("\r\n\(line)\r\n") }
        var isCompressed: Bool { self.has("content-encoding: gzip") }
    }

    static func server(_ configure: (inout ServerConfiguration) -> Void = { _ in }) -> EmbeddedServer {
        EmbeddedServer {
            $0.compression.isEnabled = true
            configure(&$0)
        }
    }

    static func answer(
        _ message: Message, _ fields: String = "accept-encoding: gzip\r\n", method: String = "GET",
        version: String = "1.1",
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> Output {
        let server = Self.server(configure)
        let client = try server.connect()
        try client.send("\(method) / HTTP/\(version)\r\nhost: a\r\n\(fields)\r\n")
        server.answer(0, message)
        return Output(try client.outputBytes())
    }

    static func message(
        status: Int = 200, _ fields: [Value] = html, _ content: [UInt8] = page, _ more: Message = [:]
    ) -> Message {
        var message: Message = ["status": .int(Int64(status)), "headers": .list(fields), "content": .bytes(content)]
        for (key, value) in more { message[key] = value }
        return message
    }

    @Test("O11, O13") func aPageIsCompressed() throws {
        let output = try Self.answer(
            Self.message(Self.html + [["ETag", "\"x\""], ["accept-ranges", "bytes"], ["content-length", "9"]]))
        #expect(output.isCompressed && output.has("vary: accept-encoding") && output.has("ETag: W/\"x\""))
        #expect(!output.head.contains("accept-ranges") && output.has("content-length: \(output.content.count)"))
        #expect(output.content.count < Self.page.count / 4)
        let plain = gunzip(output.content)
        #expect(plain.content == Self.page && plain.isWhole)
    }

    @Test("O11") func itIsOffUnlessWanted() throws {
        let output = try Self.answer(Self.message()) { $0.compression.isEnabled = false }
        #expect(!output.isCompressed && !output.head.contains("vary") && output.content.elementsEqual(Self.page))
    }

    @Test(
        "O11, O13",
        arguments: [
            ("accept-encoding: gzip\r\n", true), ("accept-encoding: br, gzip;q=0.1\r\n", true),
            ("accept-encoding: *\r\n", true),
            ("accept-encoding: identity;q=0\r\n", false), ("", false), ("accept-encoding: gzip;q=0\r\n", false),
            ("accept-encoding: br\r\n", false), ("accept-encoding: gzip;q=0.5, identity\r\n", false),
            ("accept-encoding: br\r\naccept-encoding: gzip\r\n", true), ("accept-encoding: *;q=0\r\n", false),
        ])
    func theClientDecides(fields: String, isCompressed: Bool) throws {
        let output = try Self.answer(Self.message(), fields)
        #expect(output.isCompressed == isCompressed && output.has("vary: accept-encoding"))
        #expect(output.content.elementsEqual(Self.page) == !isCompressed)
    }

    @Test(
        "O11",
        arguments: [
            ("text/css", true), ("text/event-stream", true), ("application/json", true),
            ("Application/JSON ; charset=x", true),
            ("image/svg+xml", true), ("application/ld+json", true), ("application/wasm", true), ("image/png", false),
            ("application/octet-stream", false), ("video/mp4", false), ("", false), ("textual/x", false),
        ])
    func theTypeDecides(type: String, isCompressed: Bool) throws {
        let output = try Self.answer(Self.message([["content-type", .string(type)]]))
        #expect(output.isCompressed == isCompressed && output.has("vary: accept-encoding") == isCompressed)
    }

    @Test(
        "O11",
        arguments: [(200, true), (201, true), (203, true), (206, false), (404, false), (301, false), (500, false)])
    func theStatusDecides(status: Int, isCompressed: Bool) throws {
        #expect(try Self.answer(Self.message(status: status)).isCompressed == isCompressed)
    }

    @Test(
        "O11",
        arguments: [
            (1_023, "gzip", false), (1_024, "gzip", true), (0, "gzip, identity;q=0", false),
            (1, "gzip, identity;q=0", true),
        ])
    func whatIsSmallIsLeft(size: Int, accepted: String, isCompressed: Bool) throws {
        let content = Array(Self.page.prefix(size))
        let output = try Self.answer(Self.message(Self.html, content), "accept-encoding: \(accepted)\r\n")
        #expect(output.isCompressed == isCompressed)
        #expect((isCompressed ? gunzip(output.content).content : Array(output.content)) == content)
    }

    @Test(
        "O12",
        arguments: [
            ["content-encoding", "br"], ["content-encoding", "identity"], ["Cache-Control", "public, No-Transform"],
            ["content-range", "bytes 0-1/2"], ["content-md5", "x"], ["digest", "x"], ["repr-digest", "x"],
            ["content-digest", "x"],
        ])
    func theWorkerMayForbidIt(field: [String]) throws {
        let output = try Self.answer(Self.message(Self.html + [.list(field.map { .string($0) })]))
        #expect(!output.isCompressed && !output.head.contains("vary") && output.content.elementsEqual(Self.page))
    }

    @Test("O12") func aMessageMayForbidIt() throws {
        #expect(try !Self.answer(Self.message(Self.html, Self.page, ["compress": false])).isCompressed)
        #expect(try Self.answer(Self.message(Self.html, Self.page, ["compress": true])).isCompressed)
        #expect(try Self.answer(Self.message(Self.html, Self.page, ["compress": .null])).isCompressed)
        #expect(try Self.answer(Self.message(Self.html, Self.page, ["compress": 1])).head.hasPrefix("HTTP/1.1 502 "))
    }

    @Test("O13", arguments: [("vary", "Accept-Encoding, cookie"), ("Vary", "*")])
    func whatIsSaidIsNotSaidTwice(name: String, value: String) throws {
        let output = try Self.answer(Self.message(Self.html + [[.string(name), .string(value)]]))
        #expect(output.isCompressed && output.has("\(name): \(value)") && !output.has("vary: accept-encoding"))
    }

    @Test("O13") func headIsToldTheSame() throws {
        let output = try Self.answer(Self.message(Self.html + [["etag", "\"x\""]]), method: "HEAD")
        #expect(output.isCompressed && output.has("etag: W/\"x\"") && output.has("vary: accept-encoding"))
        #expect(!output.head.contains("content-length") && output.content.isEmpty)
        let declared = try Self.answer(Self.message(Self.html + [["content-length", "2000"]], []), method: "HEAD")
        #expect(declared.isCompressed && !declared.head.contains("content-length"))
        let small = try Self.answer(Self.message(Self.html + [["content-length", "20"]], []), method: "HEAD")
        #expect(!small.isCompressed && small.has("content-length: 20"))
        let unknown = try Self.answer(Self.message(Self.html, []), method: "HEAD")
        #expect(!unknown.isCompressed && unknown.has("vary: accept-encoding"))
    }

    @Test("O13") func aTagIsTheSameWhenItIsStillGood() throws {
        let output = try Self.answer(Self.message(status: 304, [["etag", "\"x\""]], []))
        #expect(output.has("etag: W/\"x\"") && output.has("vary: accept-encoding") && !output.isCompressed)
        #expect(try Self.answer(Self.message(status: 304, [["etag", "\"x\""]], []), "").has("etag: \"x\""))
        #expect(try Self.answer(Self.message([["etag", "W/\"x\""]] + Self.html)).has("etag: W/\"x\""))
    }

    @Test("O11") func oldClientsGetItAsItIs() throws {
        let output = try Self.answer(Self.message(), version: "1.0")
        #expect(!output.isCompressed && output.has("vary: accept-encoding") && output.content.elementsEqual(Self.page))
    }

    @Test("O14") func eventsComeAtOnce() throws {
        let server = Self.server()
        let client = try server.connect()
        try client.get("/", "accept-encoding: gzip\r\n")
        server.answer(0, ["status": 200, "headers": [["content-type", "text/event-stream"]], "more_content": true])
        var bytes = try client.outputBytes()
        #expect(Output(bytes).isCompressed && Output(bytes).has("transfer-encoding: chunked"))
        var expected: [UInt8] = []
        for number in 0..<5 {
            let event = Array("data: event \(number)\n\n".utf8)
            server.answer(0, ["content": .bytes(event), "offset": .int(Int64(expected.count)), "more_content": true])
            // Sent again after an unknown outcome, it came before.
            server.answer(0, ["content": .bytes(event), "offset": .int(Int64(expected.count)), "more_content": true])
            expected += event
            bytes += try client.outputBytes()
            #expect(gunzip(unchunk(Output(bytes).content).content).content == expected)
        }
        #expect(server.core.counters.duplicatePieces == 5 && server.core.counters.compression.inUse == 1)
        server.answer(0, ["offset": .int(Int64(expected.count))])
        bytes += try client.outputBytes()
        let (content, isWhole) = unchunk(Output(bytes).content)
        #expect(isWhole && gunzip(content).content == expected && gunzip(content).isWhole)
        #expect(server.core.counters.compression.inUse == 0 && server.core.counters.answered == 1 && client.isOpen)
    }

    @Test("O14") func aHoleBreaksItOff() throws {
        let server = Self.server()
        let client = try server.connect()
        try client.get("/", "accept-encoding: gzip\r\n")
        server.answer(0, Self.message(Self.html, Self.page, ["more_content": true]))
        server.answer(0, ["content": "x", "offset": 1_000_000])
        #expect(!client.isOpen && server.core.counters.malformedAnswers == 1)
        #expect(server.core.counters.compression.inUse == 0 && server.layer.closed.count == 1)
    }

    @Test("O14") func aLargeMessageLetsOthersHaveTheirTurn() throws {
        let server = Self.server()
        let (first, second) = (try server.connect(), try server.connect())
        try first.get("/", "accept-encoding: gzip\r\n")
        try second.get()
        let large = Array(repeatElement(Self.page, count: 100).joined())
        let channels = [try #require(server.layer.replyChannel(0)), try #require(server.layer.replyChannel(1))]
        server.layer.deliver(Self.message(Self.html, large), to: [channels[0]])
        server.layer.deliver(["status": 200, "content": "quick"], to: [channels[1]])
        // Both are there now, and the loop has had no other turn.
        #expect(try second.output().hasSuffix("quick"))
        var bytes = try first.outputBytes()
        #expect(server.core.counters.compression.bytesIn == CompressionConfiguration().pieceSize)
        server.run()
        bytes += try first.outputBytes()
        let (content, isWhole) = unchunk(Output(bytes).content)
        #expect(isWhole && gunzip(content).content == large && gunzip(content).isWhole)
        #expect(content.count < large.count / 20 && server.core.counters.compression.answers == 1)
    }

    @Test("O14, I19") func aSlowClientHoldsTheWorkerBack() throws {
        let server = Self.server()
        let client = try server.connect()
        try client.get("/", "accept-encoding: gzip\r\n")
        let large = Array(repeatElement(Self.page, count: 100).joined())
        client.becomeSlow(true)
        server.answer(0, Self.message(Self.html, large, ["more_content": true]))
        #expect(
            server.core.counters.compression.bytesIn == CompressionConfiguration().pieceSize
                && server.layer.paused.count == 1)
        server.answer(0, ["content": .bytes(large)])
        #expect(
            server.core.counters.compression.bytesIn == CompressionConfiguration().pieceSize
                && server.layer.resumed.isEmpty)
        client.becomeSlow(false)
        server.run()
        let (content, isWhole) = unchunk(Output(try client.outputBytes()).content)
        #expect(isWhole && gunzip(content).content == large + large && server.layer.paused.count == 1)
    }

    @Test("O14") func aWorkerThatIsFasterThanTheCompressorIsHeldBack() throws {
        let server = Self.server()
        let client = try server.connect()
        try client.get("/", "accept-encoding: gzip\r\n")
        let channel = try #require(server.layer.replyChannel(0))
        let large = Array(repeatElement(Self.page, count: 100).joined())
        server.layer.deliver(Self.message(Self.html, large, ["more_content": true]), to: [channel])
        #expect(server.layer.paused == [channel] && server.layer.resumed.isEmpty)
        server.run()
        #expect(server.layer.paused == [channel] && server.layer.resumed == [channel])
        server.answer(0, ["content": "end"])
        #expect(unchunk(Output(try client.outputBytes()).content).isWhole)
    }

    @Test("O14") func whatIsSaidBesideTheAnswerIsHeard() throws {
        let server = Self.server()
        let client = try server.connect()
        try client.get("/", "accept-encoding: gzip\r\n")
        server.answer(0, Self.message(Self.html, Self.page, ["more_content": true]))
        server.answer(0, ["content": "x", "more_content": true, "disconnect_channel": "http.disconnect.w!1"])
        client.leave()
        #expect(server.layer.disconnects.map(\.channel).contains("http.disconnect.w!1"))
        #expect(server.core.counters.compression.inUse == 0)
    }

    @Test("O15") func compressorsAreBounded() throws {
        let server = Self.server { $0.compression.maxCompressors = 1 }
        let (first, second) = (try server.connect(), try server.connect())
        for client in [first, second] { try client.get("/", "accept-encoding: gzip\r\n") }
        for index in 0..<2 { server.answer(index, Self.message(Self.html, Self.page, ["more_content": true])) }
        #expect(Output(try first.outputBytes()).isCompressed)
        let plain = Output(try second.outputBytes())
        #expect(!plain.isCompressed && plain.has("vary: accept-encoding"))
        #expect(server.core.counters.compression.noCompressor == 1)
        // Who leaves gives it back.
        first.leave()
        let third = try server.connect()
        try third.get("/", "accept-encoding: gzip\r\n")
        server.answer(2, Self.message())
        #expect(Output(try third.outputBytes()).isCompressed && server.core.counters.compression.inUse == 0)
    }

    @Test("O11") func filesAreCompressedToo() throws {
        let site = try StaticTests.Site(["a.html": String(repeating: "hello ", count: 50_000), "s.html": "x"]) {
            $0.compression.isEnabled = true
        }
        try site.client.get("/files/a.html", "accept-encoding: gzip\r\n")
        site.server.run()
        let output = Output(try site.client.outputBytes())
        #expect(output.isCompressed && output.head.contains("\r\netag: W/\"") && !output.head.contains("accept-ranges"))
        let (content, isWhole) = unchunk(output.content)
        #expect(isWhole && gunzip(content).content.count == 300_000 && gunzip(content).isWhole)
        // A part is a part of the bare file.
        #expect(try site.get("/files/a.html", "accept-encoding: gzip\r\nrange: bytes=0-4\r\n").hasSuffix("\n\nhello"))
        try site.client.get("/files/s.html", "accept-encoding: gzip, identity;q=0\r\n")
        site.server.run()
        let small = Output(try site.client.outputBytes())
        #expect(small.isCompressed && gunzip(small.content).content == Array("x".utf8))
    }
}
