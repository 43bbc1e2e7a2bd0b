import Foundation
import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("Files (O1 to O8)", .timeLimit(.minutes(1))) struct StaticTests {
    /// A server of one folder, and a client of it.
    struct Site {
        let server: EmbeddedServer
        let client: EmbeddedConnection
        let folder: FileFolder

        init(
            _ files: [String: String] = ["a.txt": "hello"], route: String = "/files=",
            threads: any FileThreads = SoonThreads(),
            log: LogLines = LogLines(), _ configure: (inout ServerConfiguration) -> Void = { _ in }
        ) throws {
            let folder = try FileFolder(files)
            let routes = try Routes<StaticFolder>([route + folder.path])
            self.folder = folder
            self.server = EmbeddedServer(log: log, threads: threads) {
                $0.files.routes = routes
                configure(&$0)
            }
            self.client = try self.server.connect()
        }

        func get(_ target: String, _ fields: String = "") throws -> String {
            try self.client.get(target, fields)
            return try self.take()
        }

        func take() throws -> String {
            self.server.run()
            return try self.client.answers()
        }

        var counters: FileCounters { self.server.core.counters.files }
    }

    static func status(_ answer: String) -> Int { Int(answer.dropFirst(9).prefix(3)) ?? 0 }

    @Test("O1") func aFileIsSentWithoutAWorker() throws {
        let log = LogLines()
        let site = try Site(log: log) { $0.accessLog = log.access() }
        for _ in 0..<2 {
            let answer = try site.get("/files/a.txt")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\n"))
            #expect(answer.contains("\ncontent-type: text/plain; charset=utf-8\n"))
            #expect(answer.hasSuffix("\ncontent-length: 5\n\nhello"))
        }
        #expect(site.client.isOpen && site.server.layer.requests.isEmpty && site.server.layer.closed.isEmpty)
        #expect(site.counters.successes == 2 && site.counters.bytes == 10 && site.counters.open == 0)
        #expect(site.server.core.counters.requests == 0 && site.server.core.counters.answered == 0)
        #expect(log.lines.count == 2 && log.lines[0].contains("bytes=5") && log.lines[0].contains("status=200"))
    }

    @Test(
        "O1",
        arguments: [
            ("/files/a.txt", "localhost", true), ("/files/api/a.txt", "localhost", false),
            ("/files/api", "localhost", false),
            ("/filesystem", "localhost", false), ("/other", "localhost", false),
            ("/files/same/a.txt", "localhost", true),
            ("/files/a.txt", "example.org", false),
        ])
    func theBestRouteCounts(path: String, host: String, isFile: Bool) throws {
        let routes = try Routes<RequestRoute>([
            "/files/api=http.request.api", "/files=http.request.x", "example.org/=http.request.site",
        ])
        let site = try Site(["a.txt": "x", "api/a.txt": "x", "same/a.txt": "x"]) { $0.routes = routes }
        try site.client.send("GET \(path) HTTP/1.1\r\nhost: \(host)\r\n\r\n")
        let answer = try site.take()
        #expect(answer.isEmpty == !isFile && site.server.layer.requests.count == (isFile ? 0 : 1))
    }

    @Test("O1") func aFolderMayHaveAnEqualSign() throws {
        let folder = try FileFolder(["a=b/x.txt": "here"])
        let routes = try Routes<StaticFolder>(["/=\(folder.path)/a=b"])
        let server = EmbeddedServer { $0.files.routes = routes }
        let client = try server.connect()
        try client.get("/x.txt")
        server.run()
        #expect(try client.answers().hasSuffix("here"))
    }

    @Test(
        "O3",
        arguments: [
            ("GET", "/files/none", 404), ("GET", "/files/.hidden", 404), ("GET", "/files/%2e%2e/secret", 404),
            ("GET", "/files/..%2fsecret", 404), ("GET", "/files/out", 404), ("HEAD", "/files/none", 404),
            ("GET", "/files/sub", 301),
            ("GET", "/files/sub/", 200), ("GET", "/files", 301), ("GET", "/files/", 200), ("GET", "/files/bare", 404),
            ("GET", "/files/bare/", 404), ("GET", "/files/a.txt/", 404), ("POST", "/files/a.txt", 405),
            ("PUT", "/files/none", 405),
            ("DELETE", "/files/a.txt", 405), ("OPTIONS", "/files/a.txt", 204), ("HEAD", "/files/a.txt", 200),
        ])
    func whatIsNoFileIsToldSo(method: String, path: String, status: Int) throws {
        let site = try Site(["a.txt": "x", ".hidden": "x", "sub/index.html": "x", "index.html": "x", "bare/x": "x"])
        try site.folder.link("out", to: "../secret")
        try site.client.send("\(method) \(path) HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
        let answer = try site.take()
        #expect(Self.status(answer) == status)
        #expect(answer.contains("\nallow: GET, HEAD, OPTIONS\n") == (status == 405 || status == 204))
        #expect(answer.hasSuffix("\n\n") == (method == "HEAD" || status == 204))
        #expect(!answer.contains("secret") && site.client.isOpen && site.server.layer.requests.isEmpty)
    }

    @Test("O3") func aFolderIsShownWithItsSlashAndTheQuery() throws {
        let site = try Site(["sub/a b/index.html": "x"])
        #expect(try site.get("/files/sub/a%20b?x=1&y=/").contains("\nlocation: ./a%20b/?x=1&y=/\n"))
        #expect(try site.get("/files/sub/a%20b").contains("\nlocation: ./a%20b/\n"))
        // Nobody is led to another host.
        #expect(Self.status(try site.get("//example.org/")) == 0)
    }

    @Test("O4, O5, O6") func fieldsOfTheRequestAreRead() throws {
        let site = try Site(["a.txt": "0123456789", "a.txt.gz": "zipped", "a.txt.br": "brotli", "b.txt": "bare"])
        let first = try site.get("/files/a.txt")
        let tag = try #require(first.split(separator: "\n").first { $0.hasPrefix("etag: ") }).dropFirst(6)
        #expect(Self.status(try site.get("/files/a.txt", "if-none-match: \(tag)\r\n")) == 304)
        let part = try site.get("/files/a.txt", "range: bytes=2-4\r\nif-range: \(tag)\r\n")
        #expect(
            Self.status(part) == 206 && part.contains("\ncontent-range: bytes 2-4/10\n") && part.hasSuffix("\n\n234"))
        #expect(Self.status(try site.get("/files/a.txt", "range: bytes=10-\r\n")) == 416)
        #expect(try site.get("/files/a.txt", "accept-encoding: gzip, br\r\n").hasSuffix("\n\nbrotli"))
        let zipped = try site.get("/files/a.txt", "accept-encoding: gzip\r\nif-none-match: \(tag)\r\n")
        #expect(zipped.hasSuffix("\n\nzipped") && zipped.contains("\ncontent-encoding: gzip\n"))
        #expect(
            zipped.contains("\ncontent-type: text/plain; charset=utf-8\n")
                && zipped.contains("\nvary: accept-encoding\n"))
        #expect(try site.get("/files/b.txt", "accept-encoding: gzip\r\n").hasSuffix("\n\nbare"))
        #expect(Self.status(try site.get("/files/b.txt", "accept-encoding: gzip, *;q=0\r\n")) == 406)
        #expect(site.counters.successes == 5 && site.counters.redirections == 1 && site.counters.clientErrors == 2)
    }

    static let large = String(repeating: "0123456789abcdef", count: 20_000)

    @Test("O7") func aLargeFileGoesInPieces() throws {
        let site = try Site(["large": Self.large])
        let answer = try site.get("/files/large")
        #expect(answer.hasSuffix("\ncontent-length: 320000\n\n" + Self.large))
        #expect(!answer.contains("chunked") && site.counters.open == 0 && site.counters.bytes == 320_000)
        try site.client.send("GET /files/large HTTP/1.0\r\n\r\n")
        #expect(try site.take().hasSuffix("\ncontent-length: 320000\nconnection: close\n\n" + Self.large))
    }

    @Test("O7") func aSlowClientIsWaitedFor() throws {
        let threads = HeldThreads()
        let site = try Site(["large": Self.large], threads: threads)
        try site.client.get("/files/large")
        site.client.becomeSlow(true)
        threads.work()
        #expect(threads.count == 0 && site.counters.bytes == 65_536 && site.counters.open == 1)
        // Nothing is read before it takes what there is, and no time passes meanwhile.
        for _ in 0..<50 {
            site.client.takeSome()
            site.server.pass(.seconds(59))
        }
        #expect(threads.count == 0 && site.counters.bytes == 65_536 && site.client.isOpen)
        site.client.becomeSlow(false)
        while threads.count > 0 { threads.work() }
        #expect(try site.client.output().hasSuffix(Self.large))
        #expect(site.counters.open == 0 && site.server.layer.paused.isEmpty && site.server.layer.resumed.isEmpty)
        #expect(site.server.core.counters.pauses == 0)
    }

    @Test("O7") func aClientThatLeavesClosesItsFile() throws {
        let threads = HeldThreads()
        let site = try Site(["large": Self.large], threads: threads)
        try site.client.get("/files/large")
        threads.work()
        #expect(threads.count == 1 && site.counters.open == 1)
        site.client.leave()
        #expect(site.counters.open == 0 && site.counters.cut == 1)
        // What was under way leads nowhere.
        threads.work()
        #expect(threads.count == 0 && site.server.layer.disconnects.isEmpty && site.server.layer.closed.isEmpty)
        #expect(site.server.core.counters.disconnected == 0)
        let early = try site.server.connect()
        try early.get("/files/large")
        early.leave()
        threads.work()
        #expect(site.counters.open == 0 && site.counters.cut == 2 && site.server.layer.disconnects.isEmpty)
    }

    @Test("O7") func filesAreBounded() throws {
        let threads = HeldThreads()
        let site = try Site(["large": Self.large], threads: threads) { $0.files.maxFiles = 2 }
        for _ in 0..<2 { try site.client.get("/files/large") }
        let other = try site.server.connect()
        try other.get("/files/large")
        let answer = try other.answers()
        #expect(Self.status(answer) == 503 && answer.contains("\nretry-after: 1\n") && other.isOpen)
        #expect(site.counters.noRoom == 1 && site.counters.serverErrors == 1)
        while threads.count > 0 { threads.work() }
        try other.get("/files/large")
        while threads.count > 0 { threads.work() }
        #expect(Self.status(try other.answers()) == 200)
    }

    @Test("O7") func aFileThatBecomesShorterEndsTheConnection() throws {
        let threads = HeldThreads()
        let site = try Site(["large": Self.large], threads: threads)
        try site.client.get("/files/large")
        threads.work()
        let handle = try FileHandle(forWritingTo: site.folder.url.appending(path: "large"))
        try handle.truncate(atOffset: 70_000)
        try handle.close()
        while threads.count > 0 { threads.work() }
        #expect(!site.client.isOpen && site.counters.failed == 1 && site.counters.open == 0)
    }

    @Test("O7") func aStalledClientIsCutOff() throws {
        let log = LogLines()
        let site = try Site(["large": Self.large], log: log)
        try site.client.get("/files/large")
        site.client.becomeSlow(true)
        site.server.run()
        site.server.pass(.seconds(1))
        site.server.pass(.seconds(61))
        #expect(!site.client.isOpen && site.counters.cut == 1 && site.counters.open == 0)
        #expect(log.lines.contains("file cut off path=/files/large why=stalled"))
        #expect(site.server.layer.disconnects.isEmpty)
    }

    @Test("O1, I20") func filesAndWorkersAnswerInOrder() throws {
        let site = try Site(["large": Self.large, "a.txt": "small"])
        try site.client.send(
            ["/work", "/files/large", "/files/a.txt"].map { "GET \($0) HTTP/1.1\r\nhost: a\r\n\r\n" }.joined())
        #expect(try site.take() == "")
        #expect(site.server.layer.requests.count == 1)
        site.server.answer(0, ["status": 200, "content": "worker"])
        let answers = try site.take()
        let places = ["\n\nworker", "\n\n0123456789abcdef", "\n\nsmall"].map { answers.firstRange(of: $0)?.lowerBound }
        #expect(
            places.allSatisfy { $0 != nil }
                && zip(places, places.dropFirst()).allSatisfy { ($0 ?? answers.endIndex) < ($1 ?? answers.startIndex) })
        #expect(site.server.core.counters.answered == 1)
    }

    @Test("O3, I44") func aBodyIsNotWaitedFor() throws {
        let site = try Site()
        try site.client.send("POST /files/a.txt HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n")
        #expect(Self.status(try site.take()) == 405)
        #expect(!site.client.isOpen && site.server.layer.requests.isEmpty)
    }

    @Test(
        "O8",
        arguments: [
            ("GET", "/files/none", true), ("GET", "/files/.hidden", true), ("POST", "/files/a.txt", true),
            ("OPTIONS", "/files/a.txt", true), ("GET", "/files/a.txt", false), ("GET", "/files/bare/", true),
        ])
    func whatIsNoFileFallsThrough(method: String, path: String, falls: Bool) throws {
        let site = try Site(["a.txt": "x", "bare/x": "x"]) { $0.files.fallsThrough = true }
        try site.client.send("\(method) \(path) HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi")
        let answer = try site.take()
        #expect(answer.isEmpty == falls && site.server.layer.requests.count == (falls ? 1 : 0))
        guard falls else { return }
        #expect(site.server.layer.requests[0]["body"]?.bytes == Array("hi".utf8))
        site.server.answer(0, ["status": 200, "content": "worker"])
        #expect(try site.take().hasSuffix("worker") && site.counters.open == 0)
        // Its worker hears of the client as ever.
        try site.client.get("/files/none")
        site.server.run()
        site.client.leave()
        #expect(site.server.layer.disconnects.count == 1)
    }

    @Test("O1") func nobodyElseAnswersForAFile() throws {
        let threads = HeldThreads()
        let site = try Site(threads: threads)
        try site.client.get("/work")
        try site.client.get("/files/a.txt")
        let reply = try #require(site.server.layer.replyChannel(0))
        let mailbox = reply.prefix { $0 != "!" }
        let parts = reply.dropFirst(mailbox.count + 1).split(separator: ".")
        let next = try #require(Int(parts[0])) + 1
        let forged = "\(mailbox)!\(next).\(parts[1])"
        site.server.layer.deliver(["status": 200, "content": "forged"], to: [forged])
        site.server.run()
        site.server.answer(0, ["status": 200, "content": "worker"])
        threads.work()
        let answers = try site.take()
        #expect(!answers.contains("forged") && answers.hasSuffix("hello"))
        #expect(site.server.core.counters.unknownAnswers == 1)
    }
}
