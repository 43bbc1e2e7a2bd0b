import SeawayMessage
import SeawayTesting
import TestSupport

extension FakeLayer {
    /// Delivers a request as an interface server makes it, on reply channel `http.response.s!N`.
    func request(_ number: Int, _ method: String, _ path: String, _ fields: Message = [:]) {
        var message: Message = [
            "reply_channel": "http.response.s!\(number)", "method": .string(method), "path": .string(path),
        ]
        for (key, value) in fields { message[key] = value }
        self.deliver(message, to: "http.request")
    }

    func request(_ number: Int, _ path: String) { self.request(number, "GET", path) }

    /// Says that nobody waits for the answer of a request any more (I27).
    func disconnect(_ channel: String, _ number: Int) {
        self.deliver(["reply_channel": "http.response.s!\(number)", "path": "/", "reason": "left"], to: channel)
    }

    /// Something happens to the listening on the ends of requests.
    func happenAside(_ event: ListeningEvent) { self.happen(event, to: "http.disconnect.") }
}

extension FakeLayer.Sent {
    var status: Int64? { self.message["status"]?.int }
    var content: String? { self.message["content"]?.bytes.map { String(decoding: $0, as: UTF8.self) } }
    func header(_ name: String) -> String? {
        self.message["headers"]?.list?.first { $0.list?.first?.string == name }?.list?.last?.string
    }
}
