/// Version 2: a signature, a length, addresses as bytes, and then parts that say more.
enum ProxyHeader2 {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let fixed = 16
    private static let checksumPart: UInt8 = 0x03

    /// What stands where the addresses do.
    private enum Addresses {
        case none
        /// Bytes of one address.
        case ip(Int)
        /// Of a kind of connection that this is not; so many bytes in all.
        case other(Int)

        var length: Int {
            switch self {
            case .none: 0
            case .ip(let bytes): 2 * bytes + 4
            case .other(let bytes): bytes
            }
        }
    }

    static func read(_ bytes: Span<UInt8>) throws(ProxyHeader.Fault) -> ProxyHeader.Step {
        for place in 0..<min(bytes.count, Self.signature.count) where bytes[place] != Self.signature[place] {
            throw .noHeader
        }
        if bytes.count > 12 {
            guard bytes[12] >> 4 == 2 else { throw .version(bytes[12] >> 4) }
            guard bytes[12] & 0x0F <= 1 else { throw .command(bytes[12] & 0x0F) }
        }
        guard bytes.count >= Self.fixed else { return .needMoreBytes }
        // Of one that the proxy sends for itself the family means nothing.
        let addresses = bytes[12] & 0x0F == 0 ? .none : try Self.addresses(bytes[13])
        let length = Self.fixed + Self.number(bytes, at: 14)
        guard length <= ProxyHeader.longest else { throw .tooLong(length) }
        guard bytes.count >= length else { return .needMoreBytes }
        // The proxy speaks for itself, or does not say: whatever stands there is to be passed over.
        guard bytes[12] & 0x0F == 1, bytes[13] != 0 else { return .header(.unknown, length: length) }
        guard length >= Self.fixed + addresses.length else { throw .tooShort }
        let header = bytes.extracting(0..<length)
        try Self.checkParts(header, from: Self.fixed + addresses.length)
        guard case .ip(let size) = addresses else { return .header(.unknown, length: length) }
        return .header(
            ProxyHeader(source: Self.endpoint(header, 0, size), destination: Self.endpoint(header, 1, size)),
            length: length)
    }

    private static func addresses(_ family: UInt8) throws(ProxyHeader.Fault) -> Addresses {
        switch family {
        case 0x00: .none
        case 0x11: .ip(4)
        case 0x21: .ip(16)
        // Datagrams.
        case 0x12: .other(12)
        case 0x22: .other(36)
        case 0x31, 0x32: .other(216)
        default: throw .family(family)
        }
    }

    /// Two bytes.
    private static func number(_ bytes: Span<UInt8>, at place: Int) -> Int {
        Int(bytes[place]) << 8 | Int(bytes[place + 1])
    }

    /// - Parameter index: 0 the source, 1 the destination.
    private static func endpoint(_ bytes: Span<UInt8>, _ index: Int, _ size: Int) -> ProxyHeader.Endpoint {
        var bits: UInt128 = 0
        let start = Self.fixed + index * size
        for place in start..<start + size { bits = bits << 8 | UInt128(bytes[place]) }
        let address = size == 4 ? IPAddress(v4: UInt32(truncatingIfNeeded: bits)) : IPAddress(v6: bits)
        return ProxyHeader.Endpoint(
            address: address, port: Self.number(bytes, at: Self.fixed + 2 * size + 2 * index))
    }

    /// Passes over the parts behind the addresses, but for the checksum, which must be right where it is.
    private static func checkParts(_ bytes: Span<UInt8>, from start: Int) throws(ProxyHeader.Fault) {
        var place = start
        while place < bytes.count {
            guard bytes.count - place >= 3 else { throw .tooShort }
            let length = Self.number(bytes, at: place + 1)
            guard bytes.count - place - 3 >= length else { throw .tooShort }
            if bytes[place] == Self.checksumPart {
                guard length == 4, Self.checksum(bytes, but: place + 3) == Self.checksum(at: place + 3, of: bytes)
                else {
                    throw .checksum
                }
            }
            place += 3 + length
        }
    }

    private static func checksum(at place: Int, of bytes: Span<UInt8>) -> UInt32 {
        UInt32(Self.number(bytes, at: place)) << 16 | UInt32(Self.number(bytes, at: place + 2))
    }

    /// CRC32c (RFC 9260, appendix A) of the header, with zeros where the checksum itself stands.
    private static func checksum(_ bytes: Span<UInt8>, but place: Int) -> UInt32 {
        var sum: UInt32 = .max
        for index in 0..<bytes.count {
            sum ^= UInt32((place..<place + 4).contains(index) ? 0 : bytes[index])
            // Bit by bit: a header is short, and there is one for each connection.
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
        }
        return ~sum
    }
}
