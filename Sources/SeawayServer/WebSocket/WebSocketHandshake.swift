package import NIOHTTP1
import SeawayMessage

/// A request that may become a WebSocket (RFC 6455, section 4.2.1; over HTTP/2 RFC 8441, section 5).
///
/// What every request must have, such as `Host`, is ``RequestCheck``'s to look for.
package struct WebSocketHandshake: Hashable, Sendable {
    /// What the client offers, in its order; each once.
    package let subprotocols: [String]
    /// `nil` over HTTP/2, which proves in another way that the server has understood.
    private let key: String?
    private let extensions: ExtensionOffers

    /// - Throws: why the request is refused.
    package init(_ head: HTTPRequestHead) throws(WebSocketHandshakeFault) {
        let fields = head.headers
        guard head.method == .GET else { throw .method }
        let isHTTP2 = head.version == .http2
        guard isHTTP2 || head.version == .http1_1 else { throw .httpVersion }
        guard isHTTP2 || fields.hasWord("websocket", in: "upgrade") && fields.hasWord("upgrade", in: "connection")
        else { throw .upgrade }
        guard fields["sec-websocket-version"] == ["13"] else { throw .version }
        guard fields["transfer-encoding"].isEmpty, fields["content-length"].allSatisfy({ $0 == "0" }) else {
            throw .body
        }
        let keys = fields["sec-websocket-key"]
        guard isHTTP2 || keys.count == 1 && Self.isKey(keys[0]) else { throw .key }
        self.key = isHTTP2 ? nil : keys.first
        self.subprotocols = try Self.subprotocols(fields["sec-websocket-protocol"])
        self.extensions = try ExtensionOffers(fields["sec-websocket-extensions"])
    }

    /// Whether it is base64 of 16 bytes; what the last digit's unused bits are does not matter to anybody.
    private static func isKey(_ key: String) -> Bool {
        key.utf8.count == 24 && key.hasSuffix("==")
            && key.utf8.prefix(22).allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }

    private static func subprotocols(_ fields: [String]) throws(WebSocketHandshakeFault) -> [String] {
        let words = fields.flatMap { $0.listWords }
        guard words.allSatisfy({ $0.utf8.allSatisfy(FieldCheck.isTokenByte) }), Set(words).count == words.count
        else { throw .subprotocols }
        return words
    }

    /// Agrees to the handshake.
    ///
    /// - Parameters:
    ///   - subprotocol: one of ``subprotocols``, or none.
    ///   - deflate: what the server is ready for.
    /// - Throws: ``WebSocketHandshakeFault/subprotocolNotOffered``.
    package func accept(
        subprotocol: String?, deflate: DeflateConfiguration
    ) throws(WebSocketHandshakeFault) -> WebSocketAcceptance {
        var fields: [(name: String, value: String)] = []
        if let key = self.key {
            fields = [
                (name: "upgrade", value: "websocket"), (name: "connection", value: "Upgrade"),
                (name: "sec-websocket-accept", value: Self.acceptance(of: key)),
            ]
        }
        if let subprotocol {
            guard self.subprotocols.contains(subprotocol) else { throw .subprotocolNotOffered }
            fields.append((name: "sec-websocket-protocol", value: subprotocol))
        }
        guard deflate.isEnabled, let offer = self.extensions.offers.lazy.compactMap(DeflateOffer.init).first else {
            return WebSocketAcceptance(fields: fields, deflate: nil)
        }
        let agreed = offer.agree(deflate)
        fields.append((name: "sec-websocket-extensions", value: agreed.answer))
        return WebSocketAcceptance(fields: fields, deflate: agreed.parameters)
    }

    private static func acceptance(of key: String) -> String {
        var text: [UInt8] = []
        Base64.encode(SHA1.hash(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").span, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether a field of the worker is left out of the answer, because the handshake itself says it.
    package static func isOwnField(_ name: some Collection<UInt8>) -> Bool {
        name.prefix(14).elementsEqual("sec-websocket-".utf8) { $0 | 0x20 == $1 }
    }
}

/// The server's part of a handshake.
package struct WebSocketAcceptance: Sendable {
    /// `upgrade`, `connection` and all of `sec-websocket-`, for a head with the status 101; over HTTP/2, where the
    /// status is 200, the last alone.
    package let fields: [(name: String, value: String)]
    /// What the peer must be given; `nil` when messages are not compressed.
    package let deflate: DeflateParameters?
}

extension HTTPHeaders {
    fileprivate func hasWord(_ word: String, in name: String) -> Bool {
        self[name].contains { $0.listWords.contains { $0.lowercased() == word } }
    }
}

extension String {
    /// The elements of a list of words (RFC 9110, section 5.6.1).
    fileprivate var listWords: [String] {
        self.split(separator: ",").compactMap { element in
            let start = element.drop { $0 == " " || $0 == "\t" }
            guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return nil }
            return String(start[...last])
        }
    }
}
