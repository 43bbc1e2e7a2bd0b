package import SeawayMessage

/// Which rows of a list are asked for: the first of all there are, in some order (`/api/lists/…`).
package struct ListQuestion: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case channels, groups, connections

        package var look: Look {
            switch self {
            case .channels: .channels
            case .groups: .groups
            case .connections: .connections
            }
        }

        /// What a list may be sorted by.
        package var orders: [String] {
            switch self {
            case .channels:
                [
                    "name", "depth", "oldest", "bytes", "readers", "in_hand", "delayed", "sent", "delivered", "dropped",
                ]
            case .groups: ["name", "members"]
            case .connections: ["client", "language", "token", "address", "age", "names", "pending", "broker"]
            }
        }
    }

    package var kind: Kind
    /// What rows are sorted by; equal ones by name.
    package var order: String
    /// The largest first.
    package var isFalling: Bool
    /// What names must hold, without regard to case; empty: anything.
    package var filter: String
    /// Whether names with `!` are left out.
    package var hidesInboxes: Bool
    /// Of this broker alone.
    package var broker: Int?

    package init(
        _ kind: Kind, by order: String, isFalling: Bool = true, filter: String = "", hidesInboxes: Bool = false,
        broker: Int? = nil
    ) {
        self.kind = kind
        self.order = order
        self.isFalling = isFalling
        self.filter = filter.lowercased()
        self.hidesInboxes = hidesInboxes
        self.broker = broker
    }

    /// - Throws: what of a query cannot be understood.
    init(_ kind: Kind, _ query: Query) throws(AdminRefusal) {
        let order = query["sort"] ?? kind.orders[0]
        guard kind.orders.contains(order) else {
            throw .badRequest("sort is one of \(kind.orders.joined(separator: ", "))")
        }
        let broker = query["broker"].flatMap { $0.isEmpty ? nil : $0 }.map { Int($0) }
        if let broker, broker == nil { throw .badRequest("broker is a number") }
        let filter = query["filter"] ?? ""
        guard filter.utf8.count <= 1_000 else { throw .badRequest("filter has at most 1000 bytes") }
        self.init(
            kind, by: order, isFalling: query["order"] != "rising", filter: filter,
            hidesInboxes: query["inboxes"] == "hidden", broker: broker ?? nil)
    }
}
