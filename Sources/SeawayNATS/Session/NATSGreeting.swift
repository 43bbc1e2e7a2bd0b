import SeawayMessage

/// What a client says first: `CONNECT` with its name, what it can do, and what the server asks of it.
enum NATSGreeting {
    /// - Returns: JSON; `nil` where the server wants a signature and has given nothing to sign.
    static func json(_ configuration: NATSConfiguration, _ info: NATSServerInfo, isSecured: Bool) -> String? {
        var map: Message = [
            "verbose": false, "pedantic": false, "tls_required": .bool(isSecured), "name": .string(configuration.name),
            "lang": "swift", "version": "1", "protocol": 1, "echo": true, "headers": true, "no_responders": true,
        ]
        switch configuration.credentials {
        case .none: break
        case .password(let user, let password):
            map["user"] = .string(user)
            map["pass"] = .string(password)
        case .token(let token): map["auth_token"] = .string(token)
        case .key(let key):
            guard let nonce = info.nonce else { return nil }
            map["nkey"] = .string(key.publicKey)
            map["sig"] = .string(key.signature(of: nonce))
        case .signed(let jwt, let key):
            guard let nonce = info.nonce else { return nil }
            map["jwt"] = .string(jwt)
            map["sig"] = .string(key.signature(of: nonce))
        }
        return map.json
    }
}
