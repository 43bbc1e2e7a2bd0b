/// What things cost in time, in nanoseconds of a usual core, roughly: by these sums a turn of the loop is bounded.
///
/// They need not be right: they say how much of one kind is as long as so much of another.
package enum Work {
    /// A frame that is read, besides its bytes.
    package static let frame = 256
    /// A byte that is read or checked.
    package static let byte = 1
    /// A name, a member, a reader, a row or a watch that is looked at.
    package static let look = 64
    /// A message or a membership that begins or ends, a name that is handed out.
    package static let change = 192
    /// A hand-over to the system, besides its bytes.
    package static let write = 2_000
    /// A connection that comes.
    package static let connection = 30_000
}
