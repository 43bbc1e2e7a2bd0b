/// The extensions of a handshake (RFC 6455, section 9.1), read from all of its `Sec-WebSocket-Extensions` fields.
package struct ExtensionOffers: Hashable, Sendable {
    package struct Offer: Hashable, Sendable {
        package struct Parameter: Hashable, Sendable {
            /// In lower case.
            package var name: String
            package var value: String?
        }

        /// In lower case.
        package var name: String
        package var parameters: [Parameter] = []
    }

    /// In the order of the client's preference.
    package private(set) var offers: [Offer] = []

    /// - Throws: ``WebSocketHandshakeFault/extensions`` when the grammar is broken; what the parameters mean is not
    ///   looked at.
    package init(_ fields: [String]) throws(WebSocketHandshakeFault) {
        for field in fields {
            var scanner = Scanner(rest: Array(field.utf8)[...])
            try self.read(&scanner)
        }
    }

    private mutating func read(_ scanner: inout Scanner) throws(WebSocketHandshakeFault) {
        repeat {
            // RFC 9110, section 5.6.1: a list may have empty elements.
            scanner.skipSpace()
            if scanner.isAtEnd || scanner.isAt(",") { continue }
            var offer = Offer(name: try scanner.token().lowercased())
            while scanner.take(";") {
                var parameter = Offer.Parameter(name: try scanner.token().lowercased())
                if scanner.take("=") { parameter.value = try scanner.value() }
                offer.parameters.append(parameter)
            }
            self.offers.append(offer)
        } while scanner.take(",")
        guard scanner.isAtEnd else { throw .extensions }
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        var isAtEnd: Bool { self.rest.isEmpty }

        func isAt(_ character: Unicode.Scalar) -> Bool { self.rest.first == UInt8(ascii: character) }

        mutating func skipSpace() { self.rest = self.rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            self.skipSpace()
            guard self.isAt(character) else { return false }
            self.rest.removeFirst()
            return true
        }

        mutating func token() throws(WebSocketHandshakeFault) -> String {
            self.skipSpace()
            let token = self.rest.prefix { FieldCheck.isTokenByte($0) }
            guard !token.isEmpty else { throw .extensions }
            self.rest = self.rest.dropFirst(token.count)
            return String(decoding: token, as: UTF8.self)
        }

        /// A token, which may stand in quotes.
        mutating func value() throws(WebSocketHandshakeFault) -> String {
            guard self.take("\"") else { return try self.token() }
            var value: [UInt8] = []
            while var byte = self.rest.popFirst(), byte != UInt8(ascii: "\"") {
                if byte == UInt8(ascii: "\\") {
                    guard let escaped = self.rest.popFirst() else { throw .extensions }
                    byte = escaped
                }
                guard FieldCheck.isTokenByte(byte) else { throw .extensions }
                value.append(byte)
                guard !self.rest.isEmpty else { throw .extensions }
            }
            guard !value.isEmpty else { throw .extensions }
            return String(decoding: value, as: UTF8.self)
        }
    }
}
