/// Why something that was asked of a layer was not done, or is not known to have been.
public struct ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong; one never changes its meaning.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case refused, full, away, gone, closing, store, unreachable, unknown }

        private let kind: Kind
        public var description: String { self.kind.rawValue }

        /// The channel or the broker has no room. Nothing was stored; try later.
        public static let full = Code(kind: .full)
        /// Nobody listens there, and the send was to be heard. Nothing was stored.
        public static let away = Code(kind: .away)
        /// The channel was closed by its reader. Nothing was stored, and never will be.
        public static let gone = Code(kind: .gone)
        /// The broker is about to leave. Nothing was stored; try at another, or after it returns.
        public static let closing = Code(kind: .closing)
        /// What keeps that durable channel cannot be asked. Nothing was stored; try later.
        public static let store = Code(kind: .store)
        /// No broker could be asked in time. Nothing was sent.
        public static let unreachable = Code(kind: .unreachable)
        /// Refused for another reason: ``ClientError/refusal`` has the broker's word. Nothing was stored.
        public static let refused = Code(kind: .refused)
        /// The connection broke before the answer, or what keeps that durable channel has not said what became of it:
        /// stored or not, nobody can tell.
        public static let unknown = Code(kind: .unknown)

        fileprivate init(_ refusal: Refusal) {
            switch refusal.code {
            case "full": self = .full
            case "away": self = .away
            case "gone": self = .gone
            case "closing": self = .closing
            case "store": self = .store
            case "unreachable": self = .unreachable
            default: self = .refused
            }
        }

        private init(kind: Kind) { self.kind = kind }
    }

    public let code: Code
    /// The channel or group concerned.
    public let name: String
    /// What the broker or the layer said; `nil` with `unknown`.
    public let refusal: Refusal?

    /// Something was refused.
    public init(_ refusal: Refusal, name: String) {
        self.code = Code(refusal)
        self.name = name
        self.refusal = refusal
    }

    /// The connection broke before the answer.
    public init(unknownFor name: String) {
        self.code = .unknown
        self.name = name
        self.refusal = nil
    }

    public var description: String {
        self.refusal.map { "\(self.name): \($0)" } ?? "\(self.name): the connection broke before the answer"
    }
}
