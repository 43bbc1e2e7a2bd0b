import NIOCore
import NIOHTTP1

/// What the server remembers of a request until its answer has left.
struct AskedRequest: Sendable {
    var method: HTTPMethod
    var path: String
    var isHead: Bool
    var isHTTP10: Bool
    /// Whether the connection may stay open after the answer.
    var staysOpen: Bool
    /// Where the request went; `nil` of one that the server refused by itself, and of a WebSocket's.
    var route: RequestRoute?
    /// When it had come whole; kept for the access log alone, which shows true times.
    var began: NIODeadline
    /// Where its worker wants to hear that nobody waits any more (I27).
    var disconnectChannel: String?
    /// Of the answer, once its first message came.
    var framing = BodyFraming.length(0)
    var status = 0
    /// Bytes of content that were passed on.
    var sent = 0

    init(_ head: HTTPRequestHead, _ checked: RequestCheck.Head, route: RequestRoute?, began: NIODeadline) {
        self.method = head.method
        self.path = checked.target.path
        self.isHead = checked.isHead
        self.isHTTP10 = checked.isHTTP10
        self.staysOpen = checked.staysOpen
        self.route = route
        self.began = began
    }

    /// One of which nothing is known but that it was refused.
    init(refusedAt began: NIODeadline, isHead: Bool) {
        self.method = isHead ? .HEAD : .GET
        self.path = ""
        self.isHead = isHead
        self.isHTTP10 = false
        self.staysOpen = false
        self.began = began
    }
}
