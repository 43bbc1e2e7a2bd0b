import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

/// What an answer says of who has made it (I83).
@Suite(.timeLimit(.minutes(1))) struct ToldTests {
    struct Oops: Error {}

    private func routes(_ worker: Worker) {
        worker.on("http.request", path: "/whole") { _ in .text("hi") }
        worker.on("http.request", path: "/fails") { _ in throw Oops() }
        worker.on("http.request", path: "/stream") { _ in
            .stream { writer in
                try await writer.write("a")
                try await writer.write("b")
            }
        }
    }

    /// Whether a message says who it is of, and a time.
    private func isTold(_ sent: FakeLayer.Sent) -> Bool {
        guard let name = sent.message["worker"]?.string, let took = sent.message["took"]?.int else { return false }
        return (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && took >= 0
    }

    @Test(arguments: ["/whole", "/fails", "/nowhere"])
    func anAnswerTellsItWhereTheRequestHasAnID(path: String) async throws {
        let layer = FakeLayer()
        try await withWorker(layer) {
            self.routes($0)
        } talk: { _ in
            layer.request(1, "GET", path, ["request_id": "3f2a"])
            #expect(self.isTold(try await layer.nextSent()))
            layer.request(2, path)
            let other = try await layer.nextSent()
            #expect(other.message["worker"] == nil && other.message["took"] == nil)
        }
    }

    @Test func theFirstPieceTellsItAndNoOther() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) {
            self.routes($0)
        } talk: { _ in
            layer.request(1, "GET", "/stream", ["request_id": "3f2a"])
            var told: [Bool] = []
            for _ in 0..<3 { told.append(self.isTold(try await layer.nextSent())) }
            #expect(told == [true, false, false])
        }
    }
}
