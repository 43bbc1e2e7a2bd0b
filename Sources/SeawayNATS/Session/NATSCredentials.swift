/// What a client shows to a NATS server.
package enum NATSCredentials: Sendable {
    case none
    case password(user: String, password: String)
    case token(String)
    case key(NKey)
    /// The user's JWT, and the key that goes with it.
    case signed(jwt: String, NKey)

    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible { package let description: String }

    /// Reads what stands in a file: a `.creds` file as `nsc` makes it; a seed, `SU…`; or lines `user=`, `password=`,
    /// `token=`.
    package init(file text: String) throws(Fault) {
        if let jwt = Self.block("NATS USER JWT", in: text) {
            guard let seed = Self.block("USER NKEY SEED", in: text) else {
                throw Fault(description: "it has a JWT and no seed")
            }
            guard jwt.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Fault(description: "its JWT is damaged")
            }
            self = .signed(jwt: jwt, try Self.key(seed))
            return
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmed }.filter { !$0.isEmpty && $0.first != "#" }
        if lines.count == 1, lines[0].hasPrefix("S"), !lines[0].contains("=") {
            self = .key(try Self.key(lines[0]))
            return
        }
        var values: [String: String] = [:]
        for line in lines {
            guard let equals = line.firstIndex(of: "=") else {
                throw Fault(description: "it is no .creds file, no seed, and has a line without =")
            }
            let name = String(line[..<equals])
            guard ["user", "password", "token"].contains(name) else {
                throw Fault(description: "it has lines for something else than user, password and token")
            }
            values[name] = String(line[line.index(after: equals)...])
        }
        switch (values["user"], values["password"], values["token"]) {
        case (let user?, let password?, nil): self = .password(user: user, password: password)
        case (nil, nil, let token?): self = .token(token)
        default: throw Fault(description: "it needs a user and a password, or a token")
        }
    }

    private static func key(_ seed: String) throws(Fault) -> NKey {
        do throws(NKey.Fault) {
            return try NKey(seed: seed)
        } catch {
            throw Fault(description: error.description)
        }
    }

    /// What stands between a line `-----BEGIN NAME-----` and the next that begins with `---`.
    private static func block(_ name: String, in text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmed }
        guard let start = lines.firstIndex(where: { $0.hasPrefix("---") && $0.contains("BEGIN \(name)") }) else {
            return nil
        }
        let rest = lines[(start + 1)...]
        guard let end = rest.firstIndex(where: { $0.hasPrefix("---") }) else { return nil }
        let inside = rest[..<end].joined()
        return inside.isEmpty ? nil : inside
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = self.drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
