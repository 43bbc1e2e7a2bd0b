import SeawayMessage

/// What a worker does with the messages of one channel.
struct Consumers: Sendable {
    typealias Consumer = @Sendable (IncomingMessage) async throws -> Void
    typealias Handler = @Sendable (HTTPRequest) async throws -> HTTPResponse

    struct Route: Sendable {
        let method: String?
        let pattern: PathPattern
        let handler: Handler
    }

    private var plain: [String: Consumer] = [:]
    private var routes: [String: [Route]] = [:]

    var channels: [String] { Set(self.plain.keys).union(self.routes.keys).sorted() }

    mutating func add(_ channel: String, _ consumer: @escaping Consumer) { self.plain[channel] = consumer }

    mutating func add(_ channel: String, _ route: Route) { self.routes[channel, default: []].append(route) }

    func run(_ incoming: IncomingMessage) async throws {
        if let routes = self.routes[incoming.channel] {
            try await incoming.respond(try await Self.response(incoming, routes))
        } else {
            // A mailbox's messages come with their full names.
            let mailbox = incoming.channel.firstIndex(of: "!").map { String(incoming.channel[...$0]) }
            let consumer = self.plain[incoming.channel] ?? mailbox.flatMap { self.plain[$0] }
            try await consumer?(incoming)
        }
    }

    private static func response(_ incoming: IncomingMessage, _ routes: [Route]) async throws -> HTTPResponse {
        guard let method = incoming["method"]?.string, let path = incoming["path"]?.string else {
            throw WorkerError(.malformedRequest, name: incoming.channel)
        }
        var allowed: Set<String> = []
        for route in routes {
            guard let parameters = route.pattern.match(path) else { continue }
            // What answers GET answers HEAD; the server leaves the content out.
            guard route.method == nil || route.method == method || (route.method == "GET" && method == "HEAD") else {
                allowed.insert(route.method ?? "")
                continue
            }
            return try await route.handler(
                HTTPRequest(incoming, method: method, path: path, parameters: parameters))
        }
        guard !allowed.isEmpty else { return .text("Not found.\n", status: 404) }
        var response = HTTPResponse.text("Method not allowed.\n", status: 405)
        response.headers.append(("allow", allowed.sorted().joined(separator: ", ")))
        return response
    }
}
