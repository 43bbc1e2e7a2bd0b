import SeawayCrypto
import SeawayWire

/// What a broker knows of a token: who it is for, how to recognize it, and what it allows; not its secret.
///
/// A token is `NAME.SECRET`, NAME 1 to 64 bytes of nchar. Its line in the file: `NAME sha256:SALT:HASH [send=PATTERN,…]
/// [listen=…] [join=…] [admin=…]`, SALT and HASH in hexadecimal, HASH the SHA-256 of salt and secret. A secret made by
/// ``make(_:permissions:)`` has 256 random bits: nobody finds it by trying, however fast a hash is, so that a slow one,
/// made for what people think of, would only cost.
package struct Token: Hashable, Sendable {
    package let name: String
    package var permissions: Permissions
    private let salt: [UInt8]
    private let hash: [UInt8]

    private init(name: String, permissions: Permissions, salt: [UInt8], hash: [UInt8]) {
        self.name = name
        self.permissions = permissions
        self.salt = salt
        self.hash = hash
    }

    /// A new token, and the only time that it can be read.
    ///
    /// - Returns: `nil` when the name is none.
    package static func make(_ name: String, permissions: Permissions) -> (token: Token, text: String)? {
        guard Self.isName(name) else { return nil }
        let salt = Self.randomBytes(16)
        let secret = Hexadecimal.text(Self.randomBytes(32))
        let hash = Self.hash(salt: salt, secret: secret[...])
        return (Token(name: name, permissions: permissions, salt: salt, hash: hash), "\(name).\(secret)")
    }

    private static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
    }

    private static func isName(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(Name.isNameByte)
    }

    private static func hash(salt: [UInt8], secret: Substring) -> [UInt8] {
        SHA256.digest(of: salt + Array(secret.utf8))
    }

    /// Whether it is the same secret, whatever it allows.
    func isSame(as other: Token) -> Bool { self.salt == other.salt && self.hash == other.hash }

    /// Compares in a time that does not depend on what is the same.
    func isOpened(by secret: Substring) -> Bool {
        Self.hash(salt: self.salt, secret: secret).isEqualInConstantTime(to: self.hash)
    }
}

extension Token {
    /// Why a line is none of a token.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Reads a line of the file.
    package init(line: some StringProtocol) throws(Fault) {
        let words = line.split(separator: " ")
        guard let name = words.first, Self.isName(name) else {
            throw Fault(description: "a name is 1 to 64 of A-Z a-z 0-9 - _ and the dot")
        }
        let parts = words.count > 1 ? words[1].split(separator: ":", omittingEmptySubsequences: false) : []
        guard parts.count == 3, parts[0] == "sha256", let salt = Hexadecimal.bytes(parts[1]),
            let hash = Hexadecimal.bytes(parts[2]), salt.count >= 8, hash.count == SHA256.byteCount
        else { throw Fault(description: "behind the name stands sha256:SALT:HASH, both in hexadecimal") }
        var permissions = Permissions()
        var seen: Set<Substring> = []
        for word in words.dropFirst(2) {
            let word = Substring(word)
            let key = word.prefix { $0 != "=" }
            guard seen.insert(key).inserted else { throw Fault(description: "\(key)= stands there twice") }
            try permissions.read(key, word.dropFirst(key.count + 1))
        }
        self.init(name: String(name), permissions: permissions, salt: salt, hash: hash)
    }

    /// Its line in the file.
    package var line: String {
        let mark = "sha256:\(Hexadecimal.text(self.salt)):\(Hexadecimal.text(self.hash))"
        return ([self.name, mark] + self.rights).joined(separator: " ")
    }

    /// `send=PATTERN,…` and so on, as in the file.
    var rights: [String] {
        let lists = [
            ("send", self.permissions.send), ("listen", self.permissions.listen), ("join", self.permissions.join),
            ("admin", self.permissions.admin),
        ].filter { !$0.1.isEmpty }
        return lists.map { "\($0.0)=\($0.1.map(\.description).joined(separator: ","))" }
    }
}

extension Permissions {
    fileprivate mutating func read(_ key: Substring, _ list: Substring) throws(Token.Fault) {
        var patterns: [Pattern] = []
        for text in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let pattern = Pattern(String(text)) else {
                throw Token.Fault(description: "'\(text)' in \(key)= is no pattern")
            }
            patterns.append(pattern)
        }
        switch key {
        case "send": self.send = patterns
        case "listen": self.listen = patterns
        case "join": self.join = patterns
        case "admin": self.admin = patterns
        default: throw Token.Fault(description: "there is no right '\(key)'; those are send, listen, join and admin")
        }
    }
}

/// Bytes as two lower-case digits each.
private enum Hexadecimal {
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
