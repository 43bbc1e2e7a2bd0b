import SeawayMessage

/// What a worker does with the messages of its channels: of a channel's routes the first that fits.
struct RouteTable: Sendable {
    enum Action: Sendable {
        case consume(any Consumer)
        case respond(any Responder)
        case socket(SocketRoute)
    }

    struct Route: Sendable {
        /// Any when `nil`.
        var method: String?
        /// Any path, and messages without one, when `nil`.
        var pattern: PathPattern?
        var action: Action
    }

    /// What is to be done with a message.
    enum Match: Sendable {
        case route(Action, parameters: [String: String])
        /// The path fits a route, but none for this method.
        case otherMethods(Set<String>)
        case nothing(Audience)
    }

    /// Who waits for an answer where no route fits.
    enum Audience: Sendable {
        case request
        case socket
        case nobody
    }

    private var routes: [String: [Route]] = [:]

    var channels: [String] { self.routes.keys.sorted() }

    mutating func add(_ route: Route, to channel: String) { self.routes[channel, default: []].append(route) }

    func match(_ message: IncomingMessage) -> Match {
        let routes = self.routes(for: message.channel)
        var path = PathParts(message.envelope.path)
        var otherMethods: Set<String> = []
        for route in routes {
            guard let parameters = route.parameters(&path) else { continue }
            guard route.takes(message.envelope.method) else {
                otherMethods.formUnion(route.method.map { [$0] } ?? [])
                continue
            }
            return .route(route.action, parameters: parameters)
        }
        if !otherMethods.isEmpty { return .otherMethods(otherMethods) }
        return .nothing(Self.audience(of: routes))
    }

    private static func audience(of routes: [Route]) -> Audience {
        for route in routes {
            switch route.action {
            case .respond: return .request
            case .socket: return .socket
            case .consume: break
            }
        }
        return .nobody
    }

    private func routes(for channel: String) -> [Route] {
        if let routes = self.routes[channel] { return routes }
        // A mailbox's messages come with their full names.
        guard let mark = channel.utf8.firstIndex(of: UInt8(ascii: "!")) else { return [] }
        return self.routes[String(channel[...mark])] ?? []
    }
}

extension RouteTable.Route {
    /// Whether what comes there is answered, and so acknowledged by its answer where the broker knows that: a request,
    /// or an event of a socket.
    func isAnswered(on channel: String) -> Bool {
        switch self.action {
        case .respond, .socket: true
        case .consume: channel == "http.request" || channel.hasPrefix("http.request.")
        }
    }

    fileprivate func parameters(_ path: inout PathParts) -> [String: String]? {
        guard let pattern = self.pattern else { return [:] }
        return pattern.match(&path)
    }

    /// What answers GET answers HEAD too: the server leaves the content out (I14).
    fileprivate func takes(_ method: String?) -> Bool {
        self.method == nil || self.method == method || (self.method == "GET" && method == "HEAD")
    }
}
