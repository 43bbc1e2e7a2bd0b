import SeawayNIO
import Testing

/// The PROXY protocol (I62), by its own page's examples and tables.
@Suite("I62") struct ProxyHeaderTests {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    static func second(_ command: UInt8, _ family: UInt8, _ rest: [UInt8]) -> [UInt8] {
        Self.signature + [0x20 | command, family, UInt8(rest.count >> 8), UInt8(rest.count & 0xFF)] + rest
    }

    static func read(_ bytes: [UInt8]) throws(ProxyHeader.Fault) -> ProxyHeader.Step {
        try ProxyHeader.read(bytes.span)
    }

    static let four: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0xC4, 0x88, 0x01, 0xBB]
    static let six: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        + [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [2] + [0xC4, 0x88, 0x01, 0xBB]

    static func header(_ source: String, _ sourcePort: Int, _ destination: String, _ port: Int) -> ProxyHeader? {
        guard let first = IPAddress(source), let second = IPAddress(destination) else { return nil }
        return ProxyHeader(
            source: .init(address: first, port: sourcePort), destination: .init(address: second, port: port))
    }

    static let fromFour = header("192.0.2.7", 50_312, "198.51.100.1", 443)
    static let fromSix = header("2001:db8::1", 50_312, "2001:db8::2", 443)
    static let unknown = ProxyHeader(source: nil, destination: nil)

    static let good: [(bytes: [UInt8], header: ProxyHeader?)] = [
        (Array("PROXY TCP4 192.0.2.7 198.51.100.1 50312 443\r\n".utf8), fromFour),
        (Array("PROXY TCP6 2001:db8::1 2001:db8::2 50312 443\r\n".utf8), fromSix),
        (
            Array("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n".utf8),
            header("255.255.255.255", 65_535, "255.255.255.255", 65_535)
        ),
        (Array("PROXY UNKNOWN\r\n".utf8), unknown),
        (
            Array(
                "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"
                    .utf8), unknown
        ),
        (second(1, 0x11, four), fromFour),
        (second(1, 0x21, six), fromSix),
        // Parts that say more: a name (ALPN), nothing (NOOP).
        (second(1, 0x11, four + [0x01, 0, 2, 0x68, 0x32, 0x04, 0, 0]), fromFour),
        (second(0, 0x00, []), unknown),
        // Whatever LOCAL has is passed over.
        (second(0, 0x11, four), unknown),
        (second(0, 0xFF, [1, 2, 3]), unknown),
        (second(1, 0x00, [1, 2, 3]), unknown),
        (second(1, 0x12, four), unknown),
        (second(1, 0x22, six), unknown),
        (second(1, 0x31, [UInt8](repeating: 0, count: 216)), unknown),
        (second(1, 0x32, [UInt8](repeating: 1, count: 216)), unknown),
        (checked, fromFour),
    ]

    /// With its CRC32c, made by a program of which `123456789` has 0xE3069283 (RFC 3720, B.4 is of the same sum).
    static let checked = second(1, 0x11, four + [0x03, 0, 4, 0xBA, 0x88, 0x05, 0xF7])

    @Test(arguments: good.indices) func whatIsAHeaderIsTakenByteByByte(index: Int) throws {
        let (bytes, header) = Self.good[index]
        let expected = try #require(header)
        for end in 0..<bytes.count {
            #expect(try Self.read(Array(bytes[..<end])) == .needMoreBytes, "\(end) of \(bytes.count)")
        }
        #expect(try Self.read(bytes) == .header(expected, length: bytes.count))
        let more = bytes + Array("GET / HTTP/1.1\r\n".utf8)
        #expect(try Self.read(more) == .header(expected, length: bytes.count))
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n", ProxyHeader.Fault.noHeader), ("PROXY\r\n", .noHeader), ("proxy TCP4 ", .noHeader),
        ("\r\n\r\nX", .noHeader), ("PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n", .line),
        ("PROXY  TCP4 192.0.2.7 198.51.100.1 1 2\r\n", .line), ("PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n", .line),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n", .line), ("PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n", .line),
        ("PROXY \r\n", .line), ("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", .address),
        ("PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n", .address),
        ("PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n", .address), ("PROXY TCP4 a b 1 2\r\n", .address),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n", .address),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n", .address),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 -1 2\r\n", .address),
        ("PROXY UNKNOWN " + String(repeating: "x", count: 93), .line),
    ])
    func whatIsNoLineIsRefused(text: String, fault: ProxyHeader.Fault) {
        #expect(throws: fault) { try Self.read(Array(text.utf8)) }
    }

    static let bad: [(bytes: [UInt8], fault: ProxyHeader.Fault)] = [
        (signature + [0x11], .version(1)), (signature + [0x22], .command(2)), (second(1, 0x13, four), .family(0x13)),
        (second(1, 0x41, four), .family(0x41)), (second(1, 0x11, Array(four.dropLast())), .tooShort),
        (second(1, 0x21, four), .tooShort), (second(1, 0x11, four + [4, 0]), .tooShort),
        (second(1, 0x11, four + [4, 0, 2, 1]), .tooShort),
        (second(1, 0x31, [UInt8](repeating: 0, count: 215)), .tooShort),
        (second(1, 0x11, four + [3, 0, 4, 0, 0, 0, 0]), .checksum), (second(1, 0x11, four + [3, 0, 1, 0]), .checksum),
        (signature + [0x21, 0x11, 0xFF, 0xFF], .tooLong(65_551)),
    ]

    @Test(arguments: bad.indices) func whatIsNoneIsRefused(index: Int) {
        let (bytes, fault) = Self.bad[index]
        #expect(throws: fault) { try Self.read(bytes) }
    }

    /// The header is one as long as nobody changes a bit of it.
    @Test func aChecksumSeesEveryBit() throws {
        for place in 16..<Self.checked.count - 7 {
            for bit in 0..<8 {
                var bytes = Self.checked
                bytes[place] ^= 1 << bit
                #expect(throws: ProxyHeader.Fault.checksum) { try Self.read(bytes) }
            }
        }
    }

    @Test func noBytesTrap() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let pattern = Self.good[Int.random(in: 0..<Self.good.count, using: &generator)].bytes
            var bytes = Array(pattern.prefix(Int.random(in: 0...pattern.count, using: &generator)))
            for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            // How many bytes it has never passes those that are there.
            if case .header(_, let length)? = try? Self.read(bytes) { #expect(length <= bytes.count) }
        }
    }
}
