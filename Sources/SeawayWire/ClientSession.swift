import DequeModule

/// Matches the frames of a broker to the requests of a client, in order (A1).
///
/// The client's side of a connection without its bytes: the caller says what it has asked, with whatever it wants back when
/// the answer comes, and shows each frame; it learns whose answer it is or that it is a push.
package struct ClientSession<Context> {
    package enum Event {
        case answer(ServerFrame, Context)
        case push(ServerFrame)
        /// An answer that nobody asked for: the stream cannot be trusted any more.
        case unexpected
    }

    private var asked: Deque<Context> = []

    package init() {}

    /// Requests without an answer.
    package var unanswered: Int { self.asked.count }

    /// A request was sent that will be answered: any but `READY` and `PONG`.
    package mutating func ask(_ context: Context) { self.asked.append(context) }

    package mutating func receive(_ frame: ServerFrame) -> Event {
        guard frame.isAnswer else { return .push(frame) }
        guard let context = self.asked.popFirst() else { return .unexpected }
        return .answer(frame, context)
    }

    /// The connection is lost: those who wait for answers, oldest first; what became of their requests is unknown.
    package mutating func takeUnanswered() -> [Context] {
        defer { self.asked.removeAll() }
        return Array(self.asked)
    }
}

extension ClientSession: Sendable where Context: Sendable {}
