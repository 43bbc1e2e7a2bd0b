public import SeawayMessage

/// Why something that a consumer asked of the layer was not done.
public struct WorkerError: Error, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case refused, unknown, noReplyChannel, malformedRequest, notListening }

        private let kind: Kind
        public var description: String { self.kind.rawValue }

        /// Nothing was stored; ``WorkerError/refusal`` says why.
        public static let refused = Code(kind: .refused)
        /// The connection broke before the answer: stored or not.
        public static let unknown = Code(kind: .unknown)
        /// The message names no reply channel. Nothing was sent.
        public static let noReplyChannel = Code(kind: .noReplyChannel)
        /// The message is not what INTERFACE.md says of it.
        public static let malformedRequest = Code(kind: .malformedRequest)
        /// The worker's channels cannot be listened on (any more).
        public static let notListening = Code(kind: .notListening)
    }

    public let code: Code
    /// The channel or group concerned.
    public let name: String
    public let refusal: Refusal?

    public init(_ code: Code, name: String, refusal: Refusal? = nil) {
        self.code = code
        self.name = name
        self.refusal = refusal
    }

    public var description: String {
        self.refusal.map { "\(self.name): \($0)" } ?? "\(self.name): \(self.code)"
    }
}
