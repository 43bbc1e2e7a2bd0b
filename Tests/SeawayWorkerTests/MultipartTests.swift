import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

@Suite("Forms in parts (RFC 7578)") struct MultipartTests {
    /// A part as it came out: name, filename, content.
    struct Found: Hashable {
        var name: String
        var filename: String?
        var content: String
        var isWhole = false
    }

    private static func parse(
        _ pieces: [[UInt8]], boundary: String = "b", limits: MultipartLimits = MultipartLimits()
    ) throws(MultipartFault) -> (parts: [Found], isWhole: Bool) {
        var parser = MultipartParser(boundary: boundary.utf8, limits: limits)
        var parts: [Found] = []
        for piece in pieces {
            parser.append(piece)
            reading: while true {
                switch try parser.next() {
                case .needMoreBytes, .end: break reading
                case .part(let head): parts.append(Found(name: head.name, filename: head.filename, content: ""))
                case .content(let content): parts[parts.count - 1].content += String(decoding: content, as: UTF8.self)
                case .partEnd: parts[parts.count - 1].isWhole = true
                }
            }
        }
        return (parts, parser.isWhole)
    }

    private static func lines(_ lines: String...) -> [UInt8] { Array(lines.joined(separator: "\r\n").utf8) }

    private static func head(_ name: String) -> String { "Content-Disposition: form-data; name=\"\(name)\"" }

    static let forms: [(why: String, bytes: [UInt8], parts: [Found])] = [
        (
            "a field and a file",
            lines(
                "--b", head("title"), "", "two\r\nlines", "--b",
                "content-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\" C:\\x.txt\"",
                "Content-Type: text/plain", "", "--bc\r\n--", "--b--", ""),
            [
                Found(name: "title", content: "two\r\nlines", isWhole: true),
                Found(name: "file", filename: "a \"b\" C:\\x.txt", content: "--bc\r\n--", isWhole: true),
            ]
        ),
        (
            "preamble, white space behind delimiters, epilogue",
            lines(
                "before", "--b \t", head("a"), "", "1", "--b-", "--b\t", head("b"), "", "2", "--b--  ", "--b",
                "behind"),
            [Found(name: "a", content: "1\r\n--b-", isWhole: true), Found(name: "b", content: "2", isWhole: true)]
        ),
        (
            "parts without content, with and without a line of their own",
            lines("--b", head("a"), "", "", "--b", head("b"), "", "--b--"),
            [Found(name: "a", content: "", isWhole: true), Found(name: "b", content: "", isWhole: true)]
        ),
        ("no parts", lines("--b--"), []),
        (
            "a boundary in capitals is another",
            lines("--b", head("a"), "", "\r\n--B\r\n\r\r\n", "--b--"),
            [Found(name: "a", content: "\r\n--B\r\n\r\r\n", isWhole: true)]
        ),
        (
            "names without quotes",
            lines("--b", "Content-Disposition: FORM-DATA; Name=a; filename=", "", "x", "--b--"),
            [Found(name: "a", filename: "", content: "x", isWhole: true)]
        ),
    ]

    @Test(arguments: Self.forms.indices) func aFormIsTheSameHoweverItsBytesAreCut(_ index: Int) throws {
        let form = Self.forms[index]
        let whole = try Self.parse([form.bytes])
        #expect(whole.parts == form.parts && whole.isWhole, "\(form.why)")
        let single = try Self.parse(form.bytes.map { [$0] })
        #expect(single.parts == form.parts && single.isWhole, "\(form.why), byte by byte")
        for first in form.bytes.indices {
            for second in first..<form.bytes.endIndex {
                let pieces = [form.bytes[..<first], form.bytes[first..<second], form.bytes[second...]].map(Array.init)
                let cut = try Self.parse(pieces)
                #expect(cut.parts == form.parts && cut.isWhole, "\(form.why), cut at \(first) and \(second)")
            }
        }
    }

    @Test func aFormThatWasCutAnywhereIsNotWhole() throws {
        let bytes = Self.forms[0].bytes
        for end in 0..<(bytes.count - 2) { #expect(try !Self.parse([Array(bytes[..<end])]).isWhole, "\(end)") }
    }

    @Test(arguments: [
        "Content-Type: text/plain", "Content-Disposition: attachment; name=\"a\"", "Content-Disposition: form-data",
        "Content-Disposition form-data; name=\"a\"", ": x", "a b: x", " folded: x", "a: \u{1}", "a: x\ny: z",
    ])
    func aHeadThatIsNoneIsRefused(_ line: String) {
        #expect(throws: MultipartFault.malformedHead) { try Self.parse([Self.lines("--b", line, "", "x", "--b--")]) }
    }

    @Test func whatIsBeyondALimitIsRefused() {
        let two = Self.lines("--b", Self.head("a"), "", "x", "--b", Self.head("b"), "", "y", "--b--")
        #expect(throws: MultipartFault.tooManyParts) { try Self.parse([two], limits: MultipartLimits(parts: 1)) }
        for pieces in [[two], two.map { [$0] }] {
            #expect(throws: MultipartFault.headTooLarge) {
                try Self.parse(pieces, limits: MultipartLimits(headBytes: 20))
            }
        }
        // Neither a head nor a delimiter without an end is held without one.
        let spaces = Array(repeating: Array(repeating: UInt8(ascii: " "), count: 64), count: 8)
        for start in ["--b\r\n", "--b", "--b\r\n\(Self.head("a"))\r\n\r\nx\r\n--b"] {
            let pieces = [Array(start.utf8)] + spaces
            #expect(throws: MultipartFault.headTooLarge, "\(start)") {
                try Self.parse(pieces, limits: MultipartLimits(headBytes: 256))
            }
        }
    }

    // MARK: In a worker

    private static let form: Message = [
        "headers": [["content-type", "multipart/form-data; boundary=\"b\""]],
        "body": .bytes(
            lines(
                "--b", head("skipped"), "", "x", "--b",
                "Content-Disposition: form-data; name=\"file\"; filename=\"/tmp/a.txt\"", "", "content", "--b--")),
    ]

    private func answer(
        _ fields: Message, limits: MultipartLimits = MultipartLimits()
    ) async throws -> Message {
        let layer = FakeLayer()
        nonisolated(unsafe) var answer: Message = [:]
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { request in
                var found = ""
                for try await part in try request.multipart(limits: limits) where part.filename != nil {
                    found += "\(part.name) \(part.filename ?? ""): \(try await part.text(upTo: 10))\n"
                }
                return .text(found)
            }
        } talk: { _ in
            layer.request(1, "POST", "/", fields)
            answer = try await layer.nextSent().message
        }
        return answer
    }

    @Test func partsAreGoneThroughAndPassedOver() async throws {
        let answer = try await self.answer(Self.form)
        #expect(answer["status"] == 200)
        #expect(answer["content"]?.bytes == Array("file a.txt: content\n".utf8))
    }

    @Test func whatIsNoFormIs400AndWhatIsTooLarge413() async throws {
        var cut = Self.form
        cut["body"] = .bytes(Self.lines("--b", Self.head("a"), "", "x"))
        #expect(try await self.answer(cut)["status"] == 400)
        var other = Self.form
        other["headers"] = [["content-type", "text/plain"]]
        #expect(try await self.answer(other)["status"] == 400)
        #expect(try await self.answer(Self.form, limits: MultipartLimits(bytes: 20))["status"] == 413)
        #expect(try await self.answer(Self.form, limits: MultipartLimits(parts: 1))["status"] == 413)
        var large = Self.form
        large["body"] = .bytes(
            Self.lines(
                "--b", "Content-Disposition: form-data; name=f; filename=g", "", "more than ten bytes", "--b--"))
        #expect(try await self.answer(large)["status"] == 413)
    }
}
