import NIOCore
import NIOHTTP1

/// What the server remembers of a request until its answer has left, whatever the version of HTTP.
struct AskedRequest: Sendable {
    /// What does not change from when it has come: held once, however often the rest is copied.
    private final class Origin: Sendable {
        let number: UInt64
        let method: HTTPMethod
        let path: String
        let isHead: Bool
        let client: String?
        let details: AccessDetails?
        let route: RequestRoute?
        let requestID: String?
        let isRefused: Bool

        init(
            _ number: UInt64, _ method: HTTPMethod, path: String, isHead: Bool, client: String?,
            details: AccessDetails? = nil, route: RequestRoute? = nil, requestID: String? = nil, isRefused: Bool = false
        ) {
            self.number = number
            self.method = method
            self.path = path
            self.isHead = isHead
            self.client = client
            self.details = details
            self.route = route
            self.requestID = requestID
            self.isRefused = isRefused
        }
    }

    private let origin: Origin
    var times: RequestTimes
    /// Where its worker wants to hear that nobody waits any more (I27).
    var disconnectChannel: String?
    /// Of the answer, once its first message came.
    var status = 0
    /// Who has answered, and for how many microseconds they had the request, as far as they have told.
    private(set) var worker: String?
    private(set) var took: Int64?
    /// The server itself answers it with a file: no worker has it.
    private(set) var isOwn = false
    /// Bytes of content that were passed on.
    var sent = 0

    init(
        _ number: UInt64, _ head: HTTPRequestHead, _ checked: RequestCheck.Head, route: RequestRoute?,
        client: String? = nil, details: AccessDetails?, requestID: String?, began: NIODeadline
    ) {
        self.origin = Origin(
            number, head.method, path: checked.target.path, isHead: checked.isHead, client: client, details: details,
            route: route, requestID: requestID)
        self.times = RequestTimes(began: began)
    }

    /// One of which nothing is known but that it was refused.
    init(_ number: UInt64, refusedAt began: NIODeadline, client: String? = nil, isHead: Bool) {
        self.origin = Origin(
            number, isHead ? .HEAD : .GET, path: "", isHead: isHead, client: client, isRefused: true)
        self.times = RequestTimes(began: began)
    }

    /// Of its reply channel; this process uses it for no other.
    var number: UInt64 { self.origin.number }
    var method: HTTPMethod { self.origin.method }
    var path: String { self.origin.path }
    /// `HEAD`: the answer has no content (I14).
    var isHead: Bool { self.origin.isHead }
    /// Who has asked, as far as that is known; for the access log alone.
    var client: String? { self.origin.client }
    /// What else that tells of it; `nil` where none is written, and of a request that was refused.
    var details: AccessDetails? { self.origin.details }
    /// Where the request went; `nil` of one that the server refused by itself, and of a WebSocket's.
    var route: RequestRoute? { self.origin.route }
    /// What it is called in all logs; `nil` where requests have no names.
    var requestID: String? { self.origin.requestID }
    /// The server has refused it before it knew where it would go.
    var isRefused: Bool { self.origin.isRefused }

    /// What its time is counted as; `nil` of one that was refused, which took none.
    var place: LatencyTable.Place? {
        if self.isOwn { return .files }
        if let route = self.route { return .route(route) }
        return self.isRefused ? nil : .webSocket
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
}
