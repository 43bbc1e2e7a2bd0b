/// Which event of a socket a broker's report is about, as its note says it (protocol/INTERFACE.md, W31).
enum ReportNote: Hashable, Sendable {
    case connect
    /// With its order.
    case receive(Int)

    init?(_ text: String) {
        if text == Self.connectText {
            self = .connect
        } else if text.hasPrefix(Self.receivePrefix), let order = Int(text.dropFirst(Self.receivePrefix.count)) {
            self = .receive(order)
        } else {
            return nil
        }
    }

    var text: String {
        switch self {
        case .connect: Self.connectText
        case .receive(let order): "\(Self.receivePrefix)\(order)"
        }
    }

    private static let connectText = "connect"
    private static let receivePrefix = "receive-"
}
