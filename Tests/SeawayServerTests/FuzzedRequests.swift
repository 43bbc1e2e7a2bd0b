import SeawayTesting
import TestSupport

/// Requests of HTTP/1.1 and 1.0, in order and not.
enum FuzzedRequests {
    private static let heads = [
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        "HEAD /a%20b?c HTTP/1.1\r\nHost: a:80\r\nx-y: z\r\n\r\n",
        "GET http://b/c HTTP/1.1\r\nhost: a\r\nconnection: close, te\r\nte: trailers\r\n\r\n",
        "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost:\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\nexpect: 100-continue\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9999\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
            + "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade, http2-settings\r\n\r\n",
        "GET /\tx HTTP/1.1\r\nhost: a\r\nx:\ty\t\r\n z\r\n\r\n",
        "5;a=b\r\nhello\r\n", "0\r\nx-trailer: y\r\n\r\n", "\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]

    static func some(_ random: inout SeededGenerator) -> [UInt8] {
        let count = Int.random(in: 1...4, using: &random)
        return (0..<count).flatMap { _ -> [UInt8] in
            switch Int.random(in: 0..<12, using: &random) {
            case 0: [UInt8](repeating: UInt8(ascii: "x"), count: Int.random(in: 1...3_000, using: &random))
            case 1: (0..<Int.random(in: 1...50, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            case 2: ClientFrame(opcode: 1, payload: Array("fuzz".utf8)).bytes
            default: Array((self.heads.randomElement(using: &random) ?? "").utf8)
            }
        }
    }
}
