public import SeawayMessage

/// Why a worker, or something that a consumer asked of a message, cannot go on.
///
/// What a layer did not do is a `ClientError`.
public struct WorkerError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case noReplyChannel, malformedRequest, alreadyAnswered, unanswered, notListening, pattern
            case bodyBroken, bodyTooLarge, bodyTaken, malformedForm, notSticky, sessionOver
        }

        private let kind: Kind
        public var description: String { self.kind.rawValue }

        /// The message names no reply channel. Nothing was sent.
        public static let noReplyChannel = Code(kind: .noReplyChannel)
        /// The message is not what INTERFACE.md says of it.
        public static let malformedRequest = Code(kind: .malformedRequest)
        /// The request has its answer. Nothing was sent: what was first stands.
        public static let alreadyAnswered = Code(kind: .alreadyAnswered)
        /// A handler has ended, and nobody has answered the request, or not to its end; see
        /// ``IncomingMessage/answerLater()``.
        public static let unanswered = Code(kind: .unanswered)
        /// The worker's channels cannot be listened on (any more).
        public static let notListening = Code(kind: .notListening)
        /// The rest of a request's body does not come: its client has left, the answer is over, or a piece is missing.
        public static let bodyBroken = Code(kind: .bodyBroken)
        /// A request's body has more bytes than were to be taken; the worker answers 413.
        public static let bodyTooLarge = Code(kind: .bodyTooLarge)
        /// A body that comes in pieces can be gone through once.
        public static let bodyTaken = Code(kind: .bodyTaken)
        /// A request's body is not the form that it says it is; the worker answers 400.
        public static let malformedForm = Code(kind: .malformedForm)
        /// A session was asked for of a socket whose route is not `sticky`: its events may come to any process.
        public static let notSticky = Code(kind: .notSticky)
        /// The session of a socket that this process does not keep, or not any more. A handler that lets it pass has
        /// the socket closed with 1012, which tells the browser to come again.
        public static let sessionOver = Code(kind: .sessionOver)
        /// A path pattern of a route that makes no sense.
        public static let pattern = Code(kind: .pattern)
    }

    public let code: Code
    /// The channel or pattern concerned.
    public let name: String
    /// What the layer said, where it did.
    public let refusal: Refusal?

    public init(_ code: Code, name: String, refusal: Refusal? = nil) {
        self.code = code
        self.name = name
        self.refusal = refusal
    }

    public var description: String {
        self.refusal.map { "\(self.code) \(self.name): \($0)" } ?? "\(self.code) \(self.name)"
    }
}
