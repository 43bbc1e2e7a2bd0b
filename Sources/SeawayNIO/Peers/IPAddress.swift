package import NIOCore

/// An address of the Internet Protocol, without a port.
///
/// An IPv4 address and the IPv6 one that it is mapped to (`::ffff:192.0.2.1`) are the same: which of the two a
/// connection shows depends on the listener alone.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// As IPv6 has them, the first byte highest.
    let bits: UInt128

    init(bits: UInt128) { self.bits = bits }

    /// - Parameter v4: the first byte highest.
    package init(v4: UInt32) { self.bits = Self.mapped | UInt128(v4) }

    /// - Parameter v6: the first byte highest.
    package init(v6: UInt128) { self.bits = v6 }

    /// - Parameter text: `192.0.2.1` or `2001:db8::1`, without brackets, port and zone.
    package init?(_ text: some StringProtocol) {
        guard !text.utf8.contains(UInt8(ascii: "%")), text.utf8.count <= 45,
            let address = try? SocketAddress(ipAddress: String(text), port: 0)
        else { return nil }
        self.init(address)
    }

    /// - Returns: `nil` of a Unix socket.
    package init?(_ address: SocketAddress) {
        // Where the system has the address in `sockaddr_in` and `sockaddr_in6`, everywhere.
        let place: Range<Int>
        switch address {
        case .v4: place = 4..<8
        case .v6: place = 8..<24
        case .unixDomainSocket: return nil
        }
        let bits = address.withSockAddr { pointer, size -> UInt128 in
            UnsafeRawBufferPointer(start: pointer, count: size)[place].reduce(0) { $0 << 8 | UInt128($1) }
        }
        if place.count == 4 { self.init(v4: UInt32(truncatingIfNeeded: bits)) } else { self.init(v6: bits) }
    }

    private static let mapped: UInt128 = 0xFFFF << 32

    package var isV4: Bool { self.bits >> 32 == 0xFFFF }

    /// What one client has for sure: the address itself, of IPv6 its /64, since a client has all of that.
    package var clientNetwork: IPAddress { self.isV4 ? self : IPAddress(bits: (self.bits >> 64) << 64) }

    /// In the form of RFC 5952, an IPv4 address with dots.
    package var description: String {
        let count = self.isV4 ? 4 : 16
        var bytes = ByteBuffer()
        for place in (0..<count).reversed() { bytes.writeInteger(UInt8(truncatingIfNeeded: self.bits >> (8 * place))) }
        let address = try? SocketAddress(packedIPAddress: bytes, port: 0)
        return address?.ipAddress ?? "?"
    }
}
