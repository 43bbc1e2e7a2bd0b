package import SeawayMessage
import SeawayWire

/// Who waits for what a program says, and what is said for one that fails.
package struct ProgramReply: Hashable, Sendable {
    /// What the lines of a program are.
    package enum Kind: Hashable, Sendable {
        /// An answer to an HTTP request (INTERFACE.md, section 3).
        case response
        /// What becomes of a WebSocket that asks to be opened (W7), and then messages for it.
        case handshake
        /// Messages for an open WebSocket (W11).
        case socket
        /// Nobody waits for them.
        case free
    }

    /// nil: nobody hears the lines, they are dropped.
    package let destination: Destination?
    package let kind: Kind
    /// Whether the content of an answer is not wanted.
    let isForHead: Bool

    /// - Parameter elsewhere: where the operator wants the lines; else they go to the message's reply channel.
    package init(to message: Payload, elsewhere: Destination?) {
        let channel = message["reply_channel"]?.string.flatMap(Self.channel)
        self.destination = elsewhere ?? channel
        self.kind = elsewhere == nil ? channel.map { Self.kind(of: message, $0.name) } ?? .free : .free
        self.isForHead = message["method"]?.string == "HEAD"
    }

    private static func channel(_ name: String) -> Destination? {
        guard let form = NameForm(Array(name.utf8).span), form.isChannel else { return nil }
        return .channel(name)
    }

    private static func kind(of message: Payload, _ channel: String) -> Kind {
        if channel.hasPrefix("http.response.") {
            // What tells of a request's end names its reply channel too, at which nobody is any more.
            return message["method"] == nil ? .free : .response
        }
        guard channel.hasPrefix("websocket.") else { return .free }
        return switch message["type"]?.string {
        case "websocket.connect": .handshake
        case "websocket.disconnect": .free
        default: .socket
        }
    }
}
