package import NIOHTTP1
import SeawayMessage

/// What a request asks for.
package enum AdminRoute: Hashable, Sendable {
    case page(String)
    case alive
    /// - Parameter workers: whether it is to be looked whether workers listen.
    case ready(workers: Bool)
    case metrics
    case state
    case list(ListQuestion)
    case messages(channel: String, count: Int)
    case tail(channel: String, group: String?)
    case send
    case groupSend
    case endConnection

    /// How many messages are shown at most.
    static let mostMessages = 100

    /// - Parameter uri: as it came, with its query.
    package init(_ method: HTTPMethod, _ uri: String) throws(AdminRefusal) {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts[0])
        let query = Query(parts.count > 1 ? parts[1] : "")
        let route = try Self.find(path, query)
        guard route.methods.contains(method) else {
            let allowed = route.methods.map(\.rawValue).joined(separator: ", ")
            throw AdminRefusal(.methodNotAllowed, "method", "allowed is \(allowed)", allowed: allowed)
        }
        self = route
    }

    private static func find(_ path: String, _ query: Query) throws(AdminRefusal) -> AdminRoute {
        switch path {
        case "/healthz": return .alive
        case "/readyz": return .ready(workers: query["workers"] != "no")
        case "/metrics": return .metrics
        case "/api/state": return .state
        case "/api/tail":
            let group = query["group"].flatMap { $0.isEmpty ? nil : $0 }
            let channel = query["channel"].flatMap { $0.isEmpty ? nil : $0 } ?? (group == nil ? nil : "*")
            guard let channel else { throw .badRequest("channel=NAME or group=NAME is missing") }
            return .tail(channel: channel, group: group)
        case "/api/send": return .send
        case "/api/groups/send": return .groupSend
        case "/api/connections/end": return .endConnection
        default: break
        }
        if ConsolePage.all.contains(where: { $0.path == path }) { return .page(path) }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 4, parts[1] == "api", parts[2] == "lists",
            let kind = ListQuestion.Kind(rawValue: String(parts[3]))
        {
            return .list(try ListQuestion(kind, query))
        }
        guard parts.count == 5, parts[1] == "api", parts[2] == "channels", parts[4] == "messages" else {
            throw AdminRefusal(.notFound, "not-found", "there is nothing at \(path)")
        }
        let count = query["count"].map { Int($0) } ?? 20
        guard let count, (1...Self.mostMessages).contains(count) else {
            throw .badRequest("count is 1 to \(Self.mostMessages)")
        }
        return .messages(channel: PercentCoding.decode(String(parts[3])), count: count)
    }

    package var methods: [HTTPMethod] {
        switch self {
        case .send, .groupSend, .endConnection: [.POST]
        case .tail: [.GET]
        case .page, .alive, .ready, .metrics, .state, .list, .messages: [.GET, .HEAD]
        }
    }

    package var takesBody: Bool { self.methods == [.POST] }

    /// What is shown to everybody who reaches the address: no more than that the process is there.
    package var isForEverybody: Bool {
        switch self {
        case .page, .alive, .ready: true
        case .metrics, .state, .list, .messages, .tail, .send, .groupSend, .endConnection: false
        }
    }
}

/// Names and values behind the `?` of a path.
struct Query {
    private var values: [String: String] = [:]

    init(_ text: some StringProtocol) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            self.values[PercentCoding.decode(String(parts[0]))] = PercentCoding.decode(
                value.replacing("+", with: " "))
        }
    }

    subscript(name: String) -> String? { self.values[name] }
}
