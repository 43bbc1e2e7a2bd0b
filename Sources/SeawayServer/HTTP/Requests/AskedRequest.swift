import NIOCore
import NIOHTTP1

/// What the server remembers of a request until its answer has left, whatever the version of HTTP.
struct AskedRequest: Sendable {
    /// Of its reply channel; this process uses it for no other.
    let number: UInt64
    let method: HTTPMethod
    let path: String
    /// `HEAD`: the answer has no content (I14).
    let isHead: Bool
    /// Who has asked, as far as that is known; for the access log alone.
    let client: String?
    /// Where the request went; `nil` of one that the server refused by itself, and of a WebSocket's.
    let route: RequestRoute?
    /// When it had come whole; kept for the access log alone, which shows true times.
    let began: NIODeadline
    /// Where its worker wants to hear that nobody waits any more (I27).
    var disconnectChannel: String?
    /// Of the answer, once its first message came.
    var status = 0
    /// The server itself answers it with a file: no worker has it.
    private(set) var isOwn = false
    /// Bytes of content that were passed on.
    var sent = 0

    init(
        _ number: UInt64, _ head: HTTPRequestHead, _ checked: RequestCheck.Head, route: RequestRoute?,
        client: String? = nil, began: NIODeadline
    ) {
        self.number = number
        self.method = head.method
        self.path = checked.target.path
        self.isHead = checked.isHead
        self.client = client
        self.route = route
        self.began = began
    }

    /// Its answer begins.
    mutating func begin(_ answer: Answer, status: Int) {
        self.status = status
        self.isOwn = answer.isOwn
    }

    /// One of which nothing is known but that it was refused.
    init(_ number: UInt64, refusedAt began: NIODeadline, client: String? = nil, isHead: Bool) {
        self.number = number
        self.method = isHead ? .HEAD : .GET
        self.path = ""
        self.isHead = isHead
        self.client = client
        self.route = nil
        self.began = began
    }
}
