import SeawayMessage
import SeawayServer
import SeawayTesting
import Testing

@Suite("What a worker says of itself is logged and counted (I83)") struct ToldTimesTests {
    private func sum(_ server: EmbeddedServer, _ name: String) -> (count: Int, sum: Double)? {
        let sample = server.core.metrics.all.first { $0.name == name }?.samples.first
        guard case .histogram(let histogram) = sample?.value else { return nil }
        return (histogram.count, histogram.sum)
    }

    @Test func itsTimeIsToldFromTheQueues() throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log) { $0.accessLog = log.access() }
        try server.connect().get("/moon")
        server.passUnseen(.milliseconds(100))
        server.answer(0, ["status": 200, "worker": "host:7", "took": 30_000])
        #expect(log.lines.last?.hasSuffix(" channel=http.request worker=host:7 worker_ms=30.000") == true)
        let worked = try #require(self.sum(server, "seaway_http_worker_seconds"))
        let queued = try #require(self.sum(server, "seaway_http_queue_seconds"))
        #expect(worked.count == 1 && abs(worked.sum - 0.03) < 1e-9)
        #expect(queued.count == 1 && abs(queued.sum - 0.07) < 1e-9)
    }

    @Test func whoClaimsMoreThanThereWasHasLeftNothingToTheQueue() throws {
        let server = EmbeddedServer()
        try server.connect().get("/moon")
        server.passUnseen(.milliseconds(100))
        server.answer(0, ["status": 200, "took": .int(.max)])
        #expect(try #require(self.sum(server, "seaway_http_worker_seconds")).sum == 0.1)
        #expect(try #require(self.sum(server, "seaway_http_queue_seconds")).sum == 0)
    }

    @Test(
        arguments: [
            ["worker": 7, "took": "long"], ["worker": "two words", "took": -1], ["worker": "", "took": nil],
            ["worker": .string(String(repeating: "x", count: 65)), "took": 0.5], ["worker": "a\nb", "took": []],
        ] as [Message])
    func whatIsNoNameAndNoTimeIsPassedOver(told: Message) throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log) { $0.accessLog = log.access() }
        let client = try server.connect()
        try client.get("/moon")
        var answer = told
        answer["status"] = 200
        server.answer(0, answer)
        #expect(try client.output().hasPrefix("HTTP/1.1 200 "))
        #expect(log.lines.last?.hasSuffix(" channel=http.request") == true)
        #expect(self.sum(server, "seaway_http_worker_seconds") == nil)
    }
}
