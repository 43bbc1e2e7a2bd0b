package import SeawayNIO

/// What one proxy says of the request that came to it: an element of `Forwarded` (RFC 7239), or what is the same in
/// `X-Forwarded-For` and the fields beside it.
package struct ForwardedElement: Hashable, Sendable {
    /// Who has sent the request to that proxy.
    package enum Node: Hashable, Sendable {
        /// - port: 0 where it is not told.
        case address(IPAddress, port: Int)
        /// `unknown`, or a name that hides an address (`_gazonk`).
        case hidden
        /// Nothing is said, or nothing that can be read.
        case none
    }

    package var node = Node.none
    /// `http` or `https`; `nil` where it is not told.
    package var scheme: String?
    /// A host and maybe a port; `nil` where it is not told.
    package var host: String?

    package init(node: Node = .none, scheme: String? = nil, host: String? = nil) {
        self.node = node
        self.scheme = scheme
        self.host = host
    }

    /// The longest element that is read, in bytes.
    static let longest = 512

    // MARK: Forwarded

    /// The last element of a field's value, as far as there is one, and what stands before it.
    ///
    /// From its end, since only that is the word of somebody known: whatever a stranger has written before, be it an
    /// open quotation mark, changes nothing of what a proxy has put behind it.
    ///
    /// - Returns: `nil` for the element where it cannot be read.
    package static func last(of value: Substring) -> (element: ForwardedElement?, rest: Substring) {
        let bytes = value.utf8
        var place = bytes.endIndex
        var count = 0
        while count <= Self.longest {
            let isAtStart = place == bytes.startIndex
            let before = isAtStart ? place : bytes.index(before: place)
            if isAtStart || bytes[before] == UInt8(ascii: ",") {
                let rest = isAtStart ? value[..<place] : value[..<before]
                let text = FieldValue.trimmed(value[place...])
                // A list may have empty elements (RFC 9110, 5.6.1).
                if text.isEmpty { return (ForwardedElement?.some(.empty), rest) }
                if let element = ForwardedElement(text) { return (element, rest) }
                // The comma may stand in quotation marks.
                if isAtStart { break }
            }
            place = before
            count += 1
        }
        return (nil, "")
    }

    /// An element that is no proxy's.
    static let empty = ForwardedElement()
    var isEmpty: Bool { self == .empty }

    /// - Parameter text: an element without white space around it.
    /// - Returns: `nil` when it is none by RFC 7239, section 4, or says something twice.
    package init?(_ text: Substring) {
        var parser = ForwardedPairs(text)
        var names: [String] = []
        while let (name, value) = parser.next() {
            guard !names.contains(name) else { return nil }
            names.append(name)
            switch name {
            case "for": self.node = Node(identifier: value[...])
            case "proto": self.scheme = Self.scheme(value[...])
            case "host": self.host = Self.host(value[...])
            default: break
            }
        }
        guard parser.isWhole, !names.isEmpty else { return nil }
    }

    // MARK: Values

    /// Those of WebSockets mean the same.
    static func scheme(_ text: Substring) -> String? {
        switch text.lowercased() {
        case "http", "ws": "http"
        case "https", "wss": "https"
        default: nil
        }
    }

    static func host(_ text: Substring) -> String? {
        !text.isEmpty && text.utf8.count <= 255 && HostField.isLegalAuthority(text) ? String(text) : nil
    }
}

extension ForwardedElement.Node {
    /// - Parameter identifier: an address, in brackets if it is one of IPv6, and maybe a port (RFC 7239, section 6).
    package init(identifier: Substring) {
        if identifier.hasPrefix("[") {
            guard let end = identifier.firstIndex(of: "]"),
                let address = IPAddress(identifier[identifier.index(after: identifier.startIndex)..<end]),
                identifier.dropFirst().contains(":")
            else {
                self = .none
                return
            }
            self = Self.address(address, behind: identifier[identifier.index(after: end)...])
            return
        }
        let colon = identifier.firstIndex(of: ":") ?? identifier.endIndex
        let name = identifier[..<colon]
        if let address = IPAddress(name) {
            self = Self.address(address, behind: identifier[colon...])
        } else if let address = IPAddress(identifier) {
            // X-Forwarded-For has IPv6 without brackets.
            self = .address(address, port: 0)
        } else if name.lowercased() == "unknown" || Self.isObfuscated(name), Self.port(identifier[colon...]) != nil {
            self = .hidden
        } else {
            self = .none
        }
    }

    private static func address(_ address: IPAddress, behind text: Substring) -> Self {
        Self.port(text).map { .address(address, port: $0) } ?? .none
    }

    /// - Returns: 0 for none, and for one that is hidden; `nil` for what is no port.
    private static func port(_ text: Substring) -> Int? {
        guard !text.isEmpty else { return 0 }
        let digits = text.dropFirst()
        guard text.hasPrefix(":") else { return nil }
        if Self.isObfuscated(digits) { return 0 }
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(digits), number <= 65_535
        else { return nil }
        return number
    }

    private static func isObfuscated(_ text: Substring) -> Bool {
        text.utf8.first == UInt8(ascii: "_") && text.utf8.count > 1
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// The pairs of an element: `for=192.0.2.60;proto=http;by="[2001:db8::1]:80"`.
private struct ForwardedPairs {
    private var rest: Substring.UTF8View
    /// Whether all that was read is in order.
    private(set) var isWhole = true

    init(_ text: Substring) { self.rest = text.utf8 }

    /// - Returns: the name in lower case and the value without quotation marks; `nil` at the end, and at what is no
    ///   pair.
    mutating func next() -> (name: String, value: String)? {
        // Pairs may be empty.
        while let byte = self.rest.first, byte == UInt8(ascii: ";") || FieldValue.isSpace(byte) {
            self.rest.removeFirst()
        }
        guard !self.rest.isEmpty else { return nil }
        let name = self.take { FieldCheck.isTokenByte($0) }
        if !name.isEmpty, self.rest.popFirst() == UInt8(ascii: "="), let value = self.value(), self.isAtEndOfPair() {
            return (name.lowercased(), value)
        }
        self.isWhole = false
        return nil
    }

    private mutating func take(while isPart: (UInt8) -> Bool) -> String {
        let part = self.rest.prefix(while: isPart)
        self.rest = self.rest[part.endIndex...]
        return String(Substring(part))
    }

    private mutating func isAtEndOfPair() -> Bool {
        while let byte = self.rest.first, FieldValue.isSpace(byte) { self.rest.removeFirst() }
        return self.rest.isEmpty || self.rest.first == UInt8(ascii: ";")
    }

    /// Colons and brackets ought to stand in quotation marks, but not all proxies know.
    private mutating func value() -> String? {
        guard self.rest.first == UInt8(ascii: "\"") else {
            let value = self.take {
                FieldCheck.isTokenByte($0) || [UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]")].contains($0)
            }
            return value.isEmpty ? nil : value
        }
        self.rest.removeFirst()
        var value: [UInt8] = []
        while let byte = self.rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let next = self.rest.popFirst() else { return nil }
                value.append(next)
            default: value.append(byte)
            }
        }
        return nil
    }
}
