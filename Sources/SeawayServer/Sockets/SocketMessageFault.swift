package import SeawayMessage

/// Why a message of a worker to a socket is malformed (W8, W11).
package enum SocketMessageFault: Error, Hashable, Sendable {
    /// What a message to a socket is for.
    package enum Use: Hashable, Sendable {
        /// The first on the send channel.
        case handshake
        /// A later one.
        case browser
        /// On the control channel.
        case server
    }

    /// The body is not a message at all.
    case notAMessage
    /// A field has another type than its table says.
    case wrongType(field: String)
    case textAndBytes
    /// None of the fields that make a message; what it has is for people.
    case empty(Use, has: String)
    case closeCode(Int64)
    /// Bytes.
    case reasonTooLong(Int)
    case subprotocolNotOffered
    /// `receive_channel` is none that may be named.
    case receiveChannelNotAllowed
    /// The layer refuses what is sent to the `receive_channel`: its word for it.
    case receiveChannel(Refusal)
    /// The fields or the status of a refusal.
    case answer(AnswerFault)
}

extension SocketMessageFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAMessage: "the body is not a message"
        case .wrongType(let field): "\(field) has another type than it must have"
        case .textAndBytes: "a message for a socket has text or bytes, this one has both"
        case .empty(.handshake, let names):
            "the answer to websocket.connect needs accept, text, bytes or close; this one has \(names)"
        case .empty(.browser, let names): "a message for a socket needs text or bytes; this one has \(names)"
        case .empty(.server, let names):
            "a message for a control channel needs done, receive_channel or close; this one has \(names)"
        case .closeCode(let code):
            "a close code is 1000 to 1003, 1007 to 1014 or 3000 to 4999, this one is \(code)"
        case .reasonTooLong(let count): "a reason has at most 123 bytes, this one has \(count)"
        case .subprotocolNotOffered: "the browser has not offered that subprotocol"
        case .receiveChannelNotAllowed:
            "its receive_channel is not of the form websocket.worker.WORKER!NUMBER, and no --websocket-receive-channel allows it"
        case .receiveChannel(let refusal): "receive_channel: \(refusal)"
        case .answer(let fault): "\(fault)"
        }
    }
}

extension SocketMessage {
    /// Names beyond so many are counted, and each is cut.
    private static let mostNames = 5
    private static let longestName = 32

    /// What to say of this message when it has none of the fields that its use needs.
    package func isEmpty(for use: SocketMessageFault.Use) -> SocketMessageFault { .empty(use, has: self.fieldNames) }

    /// The names of its fields, for people: never what they hold.
    private var fieldNames: String {
        var reader = MessagePackReader(Payload(messagePack: self.bytes))
        let count = reader.map() ?? 0
        var names: [String] = []
        while names.count < min(count, Self.mostNames), let key = reader.string(), reader.skip() {
            names.append(self.name(at: key))
        }
        if count > names.count { names.append("\(count - names.count) more") }
        guard let last = names.popLast() else { return "no field" }
        return names.isEmpty ? last : "\(names.joined(separator: ", ")) and \(last)"
    }

    private func name(at key: Range<Int>) -> String {
        let name = String(decoding: self.bytes[key].prefix(Self.longestName), as: UTF8.self)
        return name + (key.count > Self.longestName ? "…" : "")
    }
}
