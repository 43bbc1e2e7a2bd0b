/// What a proxy says of a connection before its first byte: HAProxy's PROXY protocol, versions 1 and 2.
///
/// Finds where the header ends; owns no bytes and knows no socket.
/// Source: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
package struct ProxyHeader: Hashable, Sendable {
    package struct Endpoint: Hashable, Sendable {
        package let address: IPAddress
        /// 0 to 65,535.
        package let port: Int

        package init(address: IPAddress, port: Int) {
            self.address = address
            self.port = port
        }
    }

    package enum Step: Hashable, Sendable {
        /// What is there is the beginning of a header.
        case needMoreBytes
        /// The header has so many bytes; what follows is the client's.
        case header(ProxyHeader, length: Int)
    }

    /// Why bytes are no header.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// They begin as no header does.
        case noHeader
        case line
        case address
        case version(UInt8)
        case command(UInt8)
        case family(UInt8)
        case tooLong(Int)
        case tooShort
        case checksum

        package var description: String {
            switch self {
            case .noHeader: "there is none"
            case .line: "its line is not that of version 1"
            case .address: "an address or a port in it is none"
            case .version(let number): "its version is \(number), not 1 or 2"
            case .command(let number): "its command is \(number), not LOCAL or PROXY"
            case .family(let number): "its family and protocol are \(number), which are none"
            case .tooLong(let length): "it has \(length) bytes"
            case .tooShort: "it has fewer bytes than its parts"
            case .checksum: "its checksum is another"
            }
        }
    }

    /// The client as the proxy has seen it, and where it came in there; `nil` where the proxy speaks for itself
    /// (LOCAL), does not know, or has another kind of connection than TCP.
    package let source: Endpoint?
    package let destination: Endpoint?

    package init(source: Endpoint?, destination: Endpoint?) {
        self.source = source
        self.destination = destination
    }

    static let unknown = ProxyHeader(source: nil, destination: nil)

    /// The longest header that is taken, in bytes; one of version 1 has at most 107.
    package static let longest = 4_096

    /// Looks at the first bytes of a connection.
    ///
    /// - Complexity: O(header length).
    package static func read(_ bytes: Span<UInt8>) throws(Fault) -> Step {
        guard bytes.count > 0 else { return .needMoreBytes }
        return bytes[0] == ProxyHeader2.signature[0] ? try ProxyHeader2.read(bytes) : try ProxyHeader1.read(bytes)
    }
}

/// Version 1: a line of text.
enum ProxyHeader1 {
    private static let longest = 107
    private static let beginning = Array("PROXY ".utf8)

    static func read(_ bytes: Span<UInt8>) throws(ProxyHeader.Fault) -> ProxyHeader.Step {
        for place in 0..<min(bytes.count, Self.beginning.count) where bytes[place] != Self.beginning[place] {
            throw .noHeader
        }
        guard let end = Self.end(bytes) else {
            guard bytes.count < Self.longest else { throw .line }
            return .needMoreBytes
        }
        var line: [UInt8] = []
        for place in 0..<end { line.append(bytes[place]) }
        return .header(try Self.header(line), length: end + 2)
    }

    /// Where the line ends.
    private static func end(_ bytes: Span<UInt8>) -> Int? {
        var place = 1
        while place < min(bytes.count, Self.longest) {
            if bytes[place] == UInt8(ascii: "\n"), bytes[place - 1] == UInt8(ascii: "\r") { return place - 1 }
            place += 1
        }
        return nil
    }

    private static func header(_ line: [UInt8]) throws(ProxyHeader.Fault) -> ProxyHeader {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count >= 2 else { throw .line }
        // Whatever follows is to be passed over.
        guard words[1] != "UNKNOWN" else { return .unknown }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6" else { throw .line }
        let isV4 = words[1] == "TCP4"
        return ProxyHeader(
            source: try Self.endpoint(words[2], words[4], isV4),
            destination: try Self.endpoint(words[3], words[5], isV4))
    }

    private static func endpoint(
        _ host: String, _ port: String, _ isV4: Bool
    ) throws(ProxyHeader.Fault) -> ProxyHeader.Endpoint {
        guard let address = IPAddress(host), host.contains(":") != isV4, let port = Self.port(port) else {
            throw .address
        }
        return ProxyHeader.Endpoint(address: address, port: port)
    }

    /// Without zeros in front.
    private static func port(_ text: String) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text == "0" || !text.hasPrefix("0"), let number = Int(text), number <= 65_535
        else { return nil }
        return number
    }
}
