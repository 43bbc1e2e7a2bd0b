/// Decides how long a connection of HTTP/2 may stay without a stream.
package struct HTTP2Clock: Hashable, Sendable {
    package enum Expiry: Hashable, Sendable {
        case none
        /// Say GOAWAY, and end behind the last stream.
        case leave
        /// End it: the client does not answer that.
        case close
    }

    private var idleSince: Moment
    private var goodbye: Moment?

    package init(now: Moment) { self.idleSince = now }

    package mutating func becameIdle(at now: Moment) { self.idleSince = now }
    package mutating func saidGoodbye(at now: Moment) { if self.goodbye == nil { self.goodbye = now } }

    /// - Parameter isBusy: there are streams, or something waits for the client to take it.
    package func expiry(at now: Moment, isBusy: Bool, times: ServerConfiguration) -> Expiry {
        guard !isBusy else { return .none }
        if let goodbye = self.goodbye {
            return max(goodbye, self.idleSince) + times.lingerTimeout <= now ? .close : .none
        }
        return self.idleSince + times.keepAliveTimeout <= now ? .leave : .none
    }
}
