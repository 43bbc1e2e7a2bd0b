package import NIOHTTP1
package import SeawayNIO

/// Who is trusted to tell a request's client, and in which fields (protocol/INTERFACE.md, I64 to I67).
package struct Forwarding: Hashable, Sendable {
    /// The fields that are trusted: never those of both, since a proxy sets one of them and passes on the other.
    package enum Family: String, CaseIterable, Sendable {
        /// `Forwarded` (RFC 7239).
        case forwarded
        /// `X-Forwarded-For` and those beside it.
        case xForwarded = "x-forwarded"
        case none
    }

    package var family = Family.none
    /// Whether the host that they tell replaces the `Host` field.
    package var believesHost = false
    package var trusted = TrustedPeers()

    /// Proxies that are asked for whom they speak.
    static let maxHops = 32

    package init() {}

    /// Finds out who has sent a request, and leaves out of it what nobody known has said.
    ///
    /// - Returns: the addresses of the connection, with the client, and the scheme where that is told.
    package func apply(to head: inout HTTPRequestHead, on connection: ConnectionAddresses) -> ConnectionAddresses {
        guard self.family != .none else { return connection }
        var addresses = connection
        let isTrusted = self.trusted.contains(connection.peer)
        if isTrusted {
            let told = self.told(head.headers, by: connection.peer)
            if let client = told.client { addresses.client = client }
            addresses.scheme = told.scheme
            // Exactly one, or the request is refused for that.
            if self.believesHost, let host = told.host, head.headers["host"].count == 1 {
                head.headers.replaceOrAdd(name: "host", value: host)
            }
        }
        self.leaveOut(of: &head.headers, isTrusted: isTrusted)
        return addresses
    }

    /// What is told by somebody who is not trusted, or in the other fields, is not passed on: the worker's framework
    /// may believe it.
    private func leaveOut(of headers: inout HTTPHeaders, isTrusted: Bool) {
        var names: Set<String> = []
        for (name, _) in headers where name.utf8.first.map({ $0 | 0x20 }).map({ $0 == 0x66 || $0 == 0x78 }) ?? false {
            let name = name.lowercased()
            switch name {
            case "forwarded": if !isTrusted || self.family != .forwarded { names.insert(name) }
            case "x-real-ip": if !isTrusted || self.family != .xForwarded { names.insert(name) }
            default:
                guard name.hasPrefix("x-forwarded-") else { break }
                if !isTrusted || self.family != .xForwarded { names.insert(name) }
            }
        }
        for name in names { headers.remove(name: name) }
    }

    // MARK: What is told

    private typealias Told = (client: ConnectionAddresses.Address?, scheme: String?, host: String?)

    private func told(_ headers: HTTPHeaders, by peer: IPAddress?) -> Told {
        var way = ForwardedWay(trusted: self.trusted)
        switch self.family {
        case .none: break
        case .forwarded: Self.follow(&way, headers["forwarded"])
        case .xForwarded: Self.follow(&way, headers)
        }
        return (way.client, way.scheme, way.host)
    }

    private static func follow(_ way: inout ForwardedWay, _ values: [String]) {
        // Several fields are one list.
        for value in values.reversed() {
            var rest = value[...]
            while !rest.isEmpty {
                let (element, before) = ForwardedElement.last(of: rest)
                guard let element else { return }
                rest = before
                guard element.isEmpty || way.take(element) else { return }
            }
        }
    }

    private static func follow(_ way: inout ForwardedWay, _ headers: HTTPHeaders) {
        let nodes = Self.list(headers["x-forwarded-for"])
        let schemes = Self.list(headers["x-forwarded-proto"])
        let hosts = Self.list(headers["x-forwarded-host"])
        let ports = Self.list(headers["x-forwarded-port"])
        // Without the first of the fields the others are those of the last proxy all the same.
        for hop in 0..<max(1, min(nodes.count, Self.maxHops)) {
            var element = ForwardedElement()
            if hop < nodes.count { element.node = .init(identifier: nodes[nodes.count - 1 - hop]) }
            element.scheme = Self.entry(hop, of: schemes).flatMap(ForwardedElement.scheme)
            element.host = Self.entry(hop, of: hosts).flatMap(ForwardedElement.host)
            if let host = element.host, let port = Self.entry(hop, of: ports) {
                element.host = Self.host(host, port, scheme: element.scheme)
            }
            guard way.take(element) else { return }
        }
    }

    private static func list(_ values: [String]) -> [Substring] {
        values.flatMap { value in
            value.split(separator: ",").map { FieldValue.trimmed($0) }.filter { !$0.isEmpty }
        }
    }

    /// Each proxy appends, or sets one entry for all.
    private static func entry(_ hop: Int, of list: [Substring]) -> Substring? {
        list.isEmpty ? nil : list[max(0, list.count - 1 - hop)]
    }

    /// The host with its port, unless it has one or the scheme has that by itself.
    private static func host(_ host: String, _ port: Substring, scheme: String?) -> String {
        let hasPort = host.utf8.last != UInt8(ascii: "]") && host.contains(":")
        guard !hasPort, let number = WebOrigin.port(port), number != WebOrigin.defaultPort(of: scheme ?? "http")
        else { return host }
        return "\(host):\(number)"
    }
}

/// From the server back to the client: goes on as long as whoever is named is trusted too.
struct ForwardedWay {
    private let trusted: TrustedPeers
    private var hops = 0
    private(set) var client: ConnectionAddresses.Address?
    private(set) var scheme: String?
    private(set) var host: String?

    init(trusted: TrustedPeers) { self.trusted = trusted }

    /// - Parameter element: of somebody who is trusted.
    /// - Returns: whether the element before is too.
    mutating func take(_ element: ForwardedElement) -> Bool {
        self.hops += 1
        guard element.node != .none || element.scheme != nil || element.host != nil else { return false }
        // What is farther out is nearer to the client.
        self.scheme = element.scheme ?? self.scheme
        self.host = element.host ?? self.host
        guard case .address(let address, let port) = element.node else { return false }
        self.client = ConnectionAddresses.Address(host: address.description, port: port)
        return self.trusted.contains(address) && self.hops < Forwarding.maxHops
    }
}
