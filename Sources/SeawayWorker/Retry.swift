/// What the consumer of an acknowledged message throws so that the message is delivered again.
///
/// ```swift
/// worker.on("jobs.mail", acknowledged: true) { job in
///     guard try await relay.isReachable else { throw Retry(after: .seconds(30)) }
///     …
/// }
/// ```
///
/// So does any other error, after a time that is twice as long with each; that is logged, this is not. The handler of a
/// request or of a socket's event gives it to another worker only by this, as long as it has answered nothing. Where
/// the message is not acknowledged it is an error like others.
public struct Retry: Error, Hashable, Sendable, CustomStringConvertible {
    /// 0 to a day, in whole milliseconds; `nil`: a second the first time, twice as long each time, five minutes at
    /// most.
    public var after: Duration?

    public init(after: Duration? = nil) { self.after = after.map { min(max($0, .zero), .seconds(86_400)) } }

    public var description: String { self.after.map { "to be tried again in \($0)" } ?? "to be tried again later" }
}

/// What the consumer of an acknowledged message throws when there is no use in delivering it again: it becomes a dead
/// letter, on its channel and `.dead`, with the reason. It is not logged; a request, or a socket's event, is answered
/// as after any other error.
public struct Dead: Error, Hashable, Sendable, CustomStringConvertible {
    /// For people; of more than 255 bytes on the wire the rest is cut off.
    public var reason: String

    public init(_ reason: String) { self.reason = reason }

    public var description: String { "given up: \(self.reason)" }
}
