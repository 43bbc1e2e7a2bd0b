import NIOCore
import NIOHTTP1
import SeawayLog
import SeawayNIO

/// Writes one line for each request whose answer has ended.
package struct AccessLog: Sendable {
    package let format: AccessFormat
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes a line without its end; never waits.
    package init(_ format: AccessFormat, write: @escaping @Sendable (String) -> Void) {
        self.format = format
        self.write = write
    }

    package func log(_ record: AccessRecord) { self.write(self.format.line(record)) }
}

/// What of a request's head only the access log needs; kept from when it has come.
final class AccessDetails: Sendable {
    let target: RequestTarget
    /// Where it went, of a request to become a WebSocket.
    let channel: String?
    let host: String?
    let scheme: String
    let version: String
    let referer: String?
    let userAgent: String?

    init(_ head: HTTPRequestHead, _ checked: RequestCheck.Head, scheme: String, channel: String?) {
        self.target = checked.target
        self.channel = channel
        self.host = checked.host
        self.scheme = scheme
        self.version = checked.version.description
        self.referer = head.headers.first(name: "referer")
        self.userAgent = head.headers.first(name: "user-agent")
    }
}

extension AccessRecord {
    /// - Parameter cut: why the answer is not whole.
    init(_ asked: AskedRequest, cut: RequestEnd?, traceID: String?, at time: LogTime) {
        self.init(
            time: time, status: asked.status, bytes: asked.sent, microseconds: asked.times.total.nanoseconds / 1_000)
        self.client = asked.client
        self.channel = asked.isOwn ? nil : asked.route?.channel ?? asked.details?.channel
        self.requestID = asked.requestID
        self.traceID = traceID
        self.worker = asked.worker
        self.workedMicroseconds = asked.took
        self.cut = cut?.rawValue
        self.firstByteMicroseconds = asked.times.firstByte.map { $0.nanoseconds / 1_000 }
        guard let details = asked.details else {
            // Of one that was refused by its head only this is known.
            if asked.isHead { self.method = "HEAD" }
            return
        }
        self.method = asked.method.name
        self.path = asked.path
        let target = details.target
        self.target = target.query.isEmpty ? String(target.rawPath) : "\(target.rawPath)?\(target.query)"
        self.query = String(target.query)
        self.host = details.host
        self.scheme = details.scheme
        self.version = details.version
        self.referer = details.referer
        self.userAgent = details.userAgent
    }
}
