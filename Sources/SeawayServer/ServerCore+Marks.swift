import SeawayLog
import SeawayNIO

// MARK: What names requests
extension ServerCore {
    /// What the server says of a request that begins, to its workers and in all logs.
    func marks(of number: UInt64, _ checked: RequestCheck.Head, from addresses: ConnectionAddresses) -> RequestMarks {
        var marks = RequestMarks()
        let rule = self.configuration.requestIDs
        guard rule != .off || self.tracing != nil else { return marks }
        let isBelieved = rule == .take || self.configuration.forwarding.trusted.contains(addresses.peer)
        if rule != .off {
            let told = isBelieved ? checked.fields.requestID : nil
            marks.requestID = told.flatMap { RequestID.isValid($0) ? $0 : nil } ?? self.idSource.name()
        }
        if let tracing = self.tracing {
            let told = checked.fields.traceparent.flatMap { TraceContext(traceparent: $0) }
            marks.traceparent = tracing.begin(number, told: told, isBelieved: isBelieved, names: &self.idSource)
        }
        return marks
    }
}
