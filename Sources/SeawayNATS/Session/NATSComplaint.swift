/// What follows from a server's `-ERR`, which has no code but words.
enum NATSComplaint: Hashable, Sendable {
    /// There is no use in coming back.
    case final
    case endsConnection
    case harmless

    private static let finalWords = [
        "authorization violation", "user authentication expired", "user authentication revoked",
        "account authentication expired",
    ]
    private static let harmlessWords = ["permissions violation", "invalid subject", "invalid publish subject"]

    init(_ text: String) {
        let text = text.lowercased()
        if Self.finalWords.contains(where: { text.hasPrefix($0) }) {
            self = .final
        } else if Self.harmlessWords.contains(where: { text.hasPrefix($0) }) {
            self = .harmless
        } else {
            self = .endsConnection
        }
    }
}
