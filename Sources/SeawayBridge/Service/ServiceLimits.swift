/// How long a service may be silent.
package struct ServiceLimits: Hashable, Sendable {
    /// For connecting, and for each answer; then the connection is given up and made again.
    package var answer = Duration.seconds(10)
    /// Silence after which the service is asked for a sign of life, which is a question like any other.
    package var quiet = Duration.seconds(15)

    package init() {}
}

/// A service that let the time pass.
package struct ServiceSilence: Error, Hashable, Sendable, CustomStringConvertible {
    package let limit: Duration

    package init(_ limit: Duration) { self.limit = limit }

    package var description: String { "no answer within \(self.limit)" }
}

/// The bridge was told to leave while it waited for a service.
package struct ServiceStopped: Error, Hashable, Sendable, CustomStringConvertible {
    package init() {}

    package var description: String { "the bridge leaves" }
}
