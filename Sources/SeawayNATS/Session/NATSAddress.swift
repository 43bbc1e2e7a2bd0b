/// Where a NATS server is: `nats://HOST[:PORT]`, `tls://HOST[:PORT]` or `HOST[:PORT]`.
package struct NATSAddress: Hashable, Sendable, CustomStringConvertible {
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible { package let description: String }

    package static let usualPort = 4_222

    package var host: String
    package var port: Int
    /// Nothing is said to the server outside TLS.
    package var needsTLS: Bool
    /// What the server's certificate is to be for. Of a server that another has told of it is the name by which that
    /// one is known, where only a number was told.
    package var certificateHost: String

    package init(host: String, port: Int = Self.usualPort, needsTLS: Bool = false, certificateHost: String? = nil) {
        self.host = host
        self.port = port
        self.needsTLS = needsTLS
        self.certificateHost = certificateHost ?? host
    }

    package init(_ text: some StringProtocol) throws(Fault) {
        var rest = String(text)
        var needsTLS = false
        if let scheme = rest.firstRange(of: "://") {
            switch rest[..<scheme.lowerBound].lowercased() {
            case "nats": break
            case "tls": needsTLS = true
            default: throw Self.fault(text, "its scheme is neither nats nor tls")
            }
            rest = String(rest[scheme.upperBound...])
        }
        if rest.hasSuffix("/") { rest.removeLast() }
        guard !rest.contains("@") else {
            throw Fault(description: "what a server asks of clients stands in a file, not in its address")
        }
        let (host, port) = try Self.split(rest, of: text)
        let isLegal = host.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
        guard !host.isEmpty, isLegal else { throw Self.fault(text, "its host is missing") }
        self.init(host: host, port: port, needsTLS: needsTLS)
    }

    private static func split(_ rest: String, of text: some StringProtocol) throws(Fault) -> (String, Int) {
        var host = rest
        var port: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { throw self.fault(text, "its ] is missing") }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            let behind = rest[rest.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw self.fault(text, "behind its ] comes no port") }
            port = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = rest.firstIndex(of: ":") {
            host = String(rest[..<colon])
            port = rest[rest.index(after: colon)...]
        }
        guard let port else { return (host, self.usualPort) }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
            (1...65_535).contains(number)
        else { throw self.fault(text, "its port is not 1 to 65535") }
        return (host, number)
    }

    private static func fault(_ text: some StringProtocol, _ what: String) -> Fault {
        Fault(description: "\(text.isEmpty ? "''" : String(text)) is no address, \(what): nats://HOST:PORT")
    }

    /// Several, with commas between them.
    ///
    /// - Returns: at least one.
    package static func list(_ text: String) throws(Fault) -> [NATSAddress] {
        var addresses: [NATSAddress] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let address = try NATSAddress(part)
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }

    /// A server that this one has told of.
    package func told(_ text: String) -> NATSAddress? {
        guard var address = try? NATSAddress(text) else { return nil }
        address.needsTLS = self.needsTLS
        let isNumber =
            address.host.contains(":") || address.host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        if isNumber { address.certificateHost = self.certificateHost }
        return address
    }

    /// Whether both lead to the same place.
    func isSamePlace(as other: NATSAddress) -> Bool { self.host == other.host && self.port == other.port }

    package var description: String {
        "\(self.needsTLS ? "tls" : "nats")://\(self.host.contains(":") ? "[\(self.host)]" : self.host):\(self.port)"
    }
}
