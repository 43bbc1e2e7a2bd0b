package import SeawayLog

/// What one line of the access log tells of a request, once its answer has ended (protocol/INTERFACE.md, I80).
package struct AccessRecord: Hashable, Sendable {
    /// When the answer had ended.
    package var time: LogTime
    /// The client's address; `nil` of a Unix socket.
    package var client: String?
    /// `nil` where the server has refused the request before its head was read.
    package var method: String?
    /// `http` or `https`, as the client has it.
    package var scheme: String?
    /// `1.0`, `1.1` or `2`
    package var version: String?
    /// As the client has sent it, with its port.
    package var host: String?
    /// Decoded.
    package var path: String?
    /// As it came: path and query.
    package var target: String?
    /// Behind the first `?`, as it came.
    package var query = ""
    /// 0 where no answer has begun.
    package var status: Int
    /// Of content, that were handed to the connection.
    package var bytes: Int
    /// From when the request had come whole (of a body in pieces: its head) until its answer had ended, whole or not.
    package var microseconds: Int64
    /// The same, until the answer's first message was there.
    package var firstByteMicroseconds: Int64?
    /// Where the request went; `nil` where no worker was asked.
    package var channel: String?
    /// What all logs call it (I82).
    package var requestID: String?
    /// 32 hexadecimal digits; `nil` where it was not traced (I84).
    package var traceID: String?
    /// Who has answered, as its answer says (I83); `nil` where it says nothing, since no broker tells who sends.
    package var worker: String?
    /// For which the worker had the request until its first message, as that says.
    package var workedMicroseconds: Int64?
    /// Why the answer is not whole.
    package var cut: String?
    package var referer: String?
    package var userAgent: String?

    package init(time: LogTime, status: Int, bytes: Int, microseconds: Int64) {
        self.time = time
        self.status = status
        self.bytes = bytes
        self.microseconds = microseconds
    }

    /// Its fields beside the time, by the names and in the order in which JSON and logfmt have them.
    var fields: [(name: String, value: Value)] {
        var fields: [(name: String, value: Value)] = []
        func add(_ name: String, _ text: String?) { if let text { fields.append((name, .text(text))) } }
        add("client", self.client)
        add("method", self.method)
        add("scheme", self.scheme)
        add("host", self.host)
        add("path", self.path)
        if !self.query.isEmpty { add("query", self.query) }
        add("version", self.version)
        fields.append(("status", .number(String(self.status))))
        fields.append(("bytes", .number(String(self.bytes))))
        fields.append(("ms", .number(Self.milliseconds(self.microseconds))))
        if let first = self.firstByteMicroseconds { fields.append(("first_ms", .number(Self.milliseconds(first)))) }
        fields += self.origins
        add("cut", self.cut)
        add("referer", self.referer)
        add("user_agent", self.userAgent)
        return fields
    }

    /// Who has answered, and under which names; also behind what the combined format has.
    var origins: [(name: String, value: Value)] {
        var fields: [(name: String, value: Value)] = []
        if let channel = self.channel { fields.append(("channel", .text(channel))) }
        if let requestID = self.requestID { fields.append(("request_id", .text(requestID))) }
        if let traceID = self.traceID { fields.append(("trace_id", .text(traceID))) }
        if let worker = self.worker { fields.append(("worker", .text(worker))) }
        if let worked = self.workedMicroseconds { fields.append(("worker_ms", .number(Self.milliseconds(worked)))) }
        return fields
    }

    enum Value: Hashable {
        case text(String)
        /// Decimal digits, maybe with a point.
        case number(String)
    }

    /// With three digits behind the point.
    static func milliseconds(_ microseconds: Int64) -> String {
        let rest = String(microseconds % 1_000)
        return "\(microseconds / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
