import SeawayMessage
import SeawayTesting
import TestSupport

extension FakeLayer {
    var requests: [Message] {
        self.sent.filter { $0.channel.hasPrefix("http.request") && !$0.channel.contains("?") }.map(\.message)
    }
    var bodyPieces: [Sent] { self.sent.filter { $0.channel.hasPrefix("http.request.body?") } }
    var disconnects: [Sent] { self.sent.filter { $0.channel.hasPrefix("http.disconnect") } }

    /// The reply channel of the request with this place, the first being 0.
    func replyChannel(_ index: Int) -> String? {
        let requests = self.requests
        return requests.indices.contains(index) ? requests[index]["reply_channel"]?.string : nil
    }
}
