package import DequeModule

/// Matches the frames of a broker to the requests of a client, in order (A1).
///
/// The client's side of a connection without its bytes: the caller says what it has asked, with whatever it wants back
/// when the answer comes, and shows each frame; it learns whose answer it is or that it is a push.
///
/// Inlinable, since it is asked twice for each message and a generic that is not specialized costs more than what it
/// does.
package struct ClientSession<Context> {
    package enum Event {
        case answer(ServerFrame, Context)
        case push(ServerFrame)
        /// An answer that nobody asked for: the stream cannot be trusted any more.
        case unexpected
    }

    @usableFromInline
    package var asked: Deque<Context> = []

    @inlinable
    package init() {}

    /// Requests without an answer.
    @inlinable
    package var unanswered: Int { self.asked.count }

    /// A request was sent that will be answered: any but `READY` and `PONG`.
    @inlinable @inline(__always)
    package mutating func ask(_ context: Context) { self.asked.append(context) }

    @inlinable @inline(__always)
    package mutating func receive(_ frame: ServerFrame) -> Event {
        guard frame.isAnswer else { return .push(frame) }
        guard let context = self.asked.popFirst() else { return .unexpected }
        return .answer(frame, context)
    }

    /// The connection is lost: those who wait for answers, oldest first; what became of their requests is unknown.
    @inlinable
    package mutating func takeUnanswered() -> [Context] {
        defer { self.asked.removeAll() }
        return Array(self.asked)
    }
}

extension ClientSession: Sendable where Context: Sendable {}
