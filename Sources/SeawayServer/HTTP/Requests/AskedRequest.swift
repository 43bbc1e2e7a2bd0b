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
    /// What else that tells of it; `nil` where none is written, and of a request that was refused.
    let details: AccessDetails?
    /// Where the request went; `nil` of one that the server refused by itself, and of a WebSocket's.
    let route: RequestRoute?
    var times: RequestTimes
    /// What it is called in all logs; `nil` where requests have no names.
    let requestID: String?
    /// Where its worker wants to hear that nobody waits any more (I27).
    var disconnectChannel: String?
    /// Of the answer, once its first message came.
    var status = 0
    /// Who has answered, and for how many microseconds they had the request, as far as they have told.
    private(set) var worker: String?
    private(set) var took: Int64?
    /// The server itself answers it with a file: no worker has it.
    private(set) var isOwn = false
    /// The server has refused it before it knew where it would go.
    private(set) var isRefused = false
    /// Bytes of content that were passed on.
    var sent = 0

    init(
        _ number: UInt64, _ head: HTTPRequestHead, _ checked: RequestCheck.Head, route: RequestRoute?,
        client: String? = nil, details: AccessDetails?,
        requestID: String?, began: NIODeadline
    ) {
        self.number = number
        self.method = head.method
        self.path = checked.target.path
        self.isHead = checked.isHead
        self.client = client
        self.details = details
        self.route = route
        self.requestID = requestID
        self.times = RequestTimes(began: began)
    }

    /// Its answer begins.
    ///
    /// - Parameter isWhole: and ends.
    mutating func begin(_ answer: Answer, status: Int, isWhole: Bool, at now: NIODeadline) {
        self.status = status
        self.isOwn = answer.isOwn
        self.worker = answer.worker
        self.took = answer.took
        self.times.begin(at: now, isWhole: isWhole)
    }

    /// The server answers by itself, whole.
    mutating func begin(_ error: ErrorAnswer, at now: NIODeadline) { self.become(error.status, at: now) }

    /// The server answers by itself, whole, or the request becomes a WebSocket.
    mutating func become(_ status: Int, at now: NIODeadline) {
        self.status = status
        self.times.begin(at: now, isWhole: true)
    }

    /// What its time is counted as; `nil` of one that was refused, which took none.
    var place: LatencyTable.Place? {
        if self.isOwn { return .files }
        if let route = self.route { return .route(route) }
        return self.isRefused ? nil : .webSocket
    }

    /// One of which nothing is known but that it was refused.
    init(_ number: UInt64, refusedAt began: NIODeadline, client: String? = nil, isHead: Bool) {
        self.number = number
        self.method = isHead ? .HEAD : .GET
        self.path = ""
        self.isHead = isHead
        self.client = client
        self.details = nil
        self.route = nil
        self.isRefused = true
        self.requestID = nil
        self.times = RequestTimes(began: began)
    }
}
