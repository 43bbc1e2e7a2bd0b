/// Addresses that begin alike, as people write them: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
package struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    private let base: IPAddress
    /// Of the 128 that IPv6 has.
    private let prefix: Int

    /// What is wrong with a text, in few words.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible { package let description: String }

    package init(_ text: some StringProtocol) throws(Fault) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else {
            throw Fault(description: "what stands before the / is no address")
        }
        // As it is written: ::ffff:10.0.0.0/104 counts as IPv6 does.
        let width = first.utf8.contains(UInt8(ascii: ":")) ? 128 : 32
        var length = width
        if parts.count == 2 {
            guard let number = Self.number(parts[1]), number <= width else {
                throw Fault(description: "what stands behind the / is not 0 to \(width)")
            }
            length = number
        }
        self.prefix = 128 - width + length
        self.base = address
        guard Self.masked(address, self.prefix) == address else {
            throw Fault(
                description: "it has bits behind its prefix: \(Self.masked(address, self.prefix))/\(length) is meant")
        }
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func masked(_ address: IPAddress, _ prefix: Int) -> IPAddress {
        prefix == 0 ? IPAddress(bits: 0) : IPAddress(bits: (address.bits >> (128 - prefix)) << (128 - prefix))
    }

    /// Whether the address is one of these; `::/0` holds no IPv4 address.
    package func contains(_ address: IPAddress) -> Bool {
        address.isV4 == self.base.isV4 && Self.masked(address, self.prefix) == self.base
    }

    package var description: String { "\(self.base)/\(self.base.isV4 ? self.prefix - 96 : self.prefix)" }
}

/// Who is trusted to tell who a client is (protocol/INTERFACE.md, I64).
package struct TrustedPeers: Hashable, Sendable {
    private var networks: [IPNetwork] = []
    /// Whoever connects by a Unix socket, which is whoever may open its file.
    private var unix = false

    package init() {}

    /// - Parameter text: a network, an address, or `unix`.
    package init(_ text: String) throws(IPNetwork.Fault) {
        if text == "unix" { self.unix = true } else { self.networks = [try IPNetwork(text)] }
    }

    package static func += (peers: inout TrustedPeers, more: TrustedPeers) {
        peers.networks += more.networks
        peers.unix = peers.unix || more.unix
    }

    /// - Parameter address: `nil` of a Unix socket.
    package func contains(_ address: IPAddress?) -> Bool {
        guard let address else { return self.unix }
        return self.networks.contains { $0.contains(address) }
    }
}
