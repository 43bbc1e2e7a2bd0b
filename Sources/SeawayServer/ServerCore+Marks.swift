import NIOHTTP1
import SeawayLog
import SeawayNIO

// MARK: What names requests
extension ServerCore {
    /// What the server says of a request that begins, to its workers and in all logs.
    func marks(
        of number: UInt64, _ head: HTTPRequestHead, _ checked: RequestCheck.Head, from addresses: ConnectionAddresses
    ) -> RequestMarks {
        var marks = RequestMarks()
        let rule = self.configuration.requestIDs
        guard rule != .off || self.tracing != nil else { return marks }
        let isTrusted = rule == .take || self.configuration.forwarding.trusted.contains(addresses.peer)
        if rule != .off {
            let told = isTrusted && checked.fields.hasMarks ? head.headers.only("x-request-id") : nil
            marks.requestID = told.flatMap { RequestID.isValid($0) ? $0 : nil } ?? self.idSource.name()
        }
        if let tracing = self.tracing {
            let told = checked.fields.hasMarks ? head.headers.only("traceparent") : nil
            marks.traceparent = tracing.begin(
                number, told: told.flatMap { TraceContext(traceparent: $0) }, isTrusted: isTrusted,
                names: &self.idSource)
        }
        return marks
    }
}

extension HTTPHeaders {
    /// The value of the only field of a name; `nil` where there is none, or more than one.
    fileprivate func only(_ name: String) -> String? {
        let values = self[name]
        return values.count == 1 ? values[0] : nil
    }
}
