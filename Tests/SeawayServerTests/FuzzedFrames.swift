import SeawayTesting
import TestSupport

/// Frames of HTTP/2, in order and not (RFC 9113).
struct FuzzedFrames {
    private enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let windowUpdate: UInt8 = 8
    }

    private static let endStream: UInt8 = 1
    private static let endHeaders: UInt8 = 4
    private static let padded: UInt8 = 8

    static let beginning = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Self.frame(Kind.settings, 0, 0)

    private var nextStream: UInt32 = 1

    static func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        let size = payload.count
        let head = [UInt8(truncatingIfNeeded: size >> 16), UInt8(truncatingIfNeeded: size >> 8), UInt8(size & 255)]
        return head + [kind, flags] + Self.bytes(stream) + payload
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// Fields as HPACK has them that nobody is to remember; names and values are shorter than 127 bytes.
    private static func block(_ fields: [(String, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes.append(0)
            for text in [name, value] {
                bytes.append(UInt8(text.utf8.count))
                bytes += text.utf8
            }
        }
        return bytes
    }

    static func request(_ path: String, stream: UInt32) -> [UInt8] {
        let fields = [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "a")]
        return Self.frame(Kind.headers, Self.endHeaders | Self.endStream, stream, Self.block(fields))
    }

    /// Whether what a server has sent begins an answer on a stream.
    static func hasHeaders(_ bytes: [UInt8], stream: UInt32) -> Bool {
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            if head[3] == Kind.headers, Array(head[5...]) == Self.bytes(stream) { return true }
            let size = head.prefix(3).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(9 + size)
        }
        return false
    }

    mutating func some(_ random: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 1...5, using: &random)).flatMap { _ in self.one(&random) }
    }

    private mutating func one(_ random: inout SeededGenerator) -> [UInt8] {
        let known = max(1, self.nextStream &- 2 &* UInt32.random(in: 0...3, using: &random))
        let flags = UInt8.random(in: 0...255, using: &random)
        let noise = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        switch Int.random(in: 0..<20, using: &random) {
        case 0...6: return self.headers(&random)
        case 7...10:
            let content = [UInt8](repeating: 120, count: Int.random(in: 0...600, using: &random))
            return Self.frame(Kind.data, flags & Self.endStream, known, content)
        case 11:
            // The payload of a WebSocket, or padding.
            let bytes = Bool.random(using: &random) ? ClientFrame(opcode: 1, payload: [102]).bytes : [9] + noise
            return Self.frame(Kind.data, flags & (Self.padded | Self.endStream), known, bytes)
        case 12: return Self.frame(Kind.reset, 0, known, [0, 0, 0, 8])
        case 13:
            let stream = Bool.random(using: &random) ? 0 : known
            return Self.frame(Kind.windowUpdate, 0, stream, Self.bytes(UInt32.random(in: 0...70_000, using: &random)))
        case 14:
            let setting: [UInt8] = [0, UInt8.random(in: 1...8, using: &random)]
            return Self.frame(
                Kind.settings, 0, 0, setting + Self.bytes(UInt32.random(in: 0...70_000, using: &random)))
        case 15: return Self.frame(Kind.settings, 1, 0)
        case 16: return Self.frame(Kind.headers, flags, known, noise)
        case 17: return Self.frame(UInt8.random(in: 0...12, using: &random), flags, known, noise)
        case 18: return Self.frame(UInt8.random(in: 0...12, using: &random), flags, 0, noise)
        default: return noise
        }
    }

    private mutating func headers(_ random: inout SeededGenerator) -> [UInt8] {
        let stream = self.nextStream
        self.nextStream += 2
        var fields = [(":scheme", "http"), (":path", "/fuzz?a"), (":authority", "a")]
        let methods = ["GET", "POST", "HEAD", "CONNECT", "PUT"]
        fields.insert((":method", methods.randomElement(using: &random) ?? "GET"), at: 0)
        let more = [
            ("content-length", "1000"), ("content-length", "5"), ("expect", "100-continue"), ("cookie", "a=b"),
            (":protocol", "websocket"), ("sec-websocket-version", "13"), ("connection", "close"), ("X-Upper", "y"),
            ("te", "trailers"), ("x", "\n"), (":path", "/other"), ("host", "b"),
        ]
        if Bool.random(using: &random) {
            fields += (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in more.randomElement(using: &random) }
        }
        if Int.random(in: 0..<5, using: &random) == 0 {
            fields = [
                (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/live"),
                (":authority", "a"), ("sec-websocket-version", "13"),
            ]
        }
        let ends = Bool.random(using: &random) ? Self.endStream : 0
        return Self.frame(Kind.headers, Self.endHeaders | ends, stream, Self.block(fields))
    }
}
