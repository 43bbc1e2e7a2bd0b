import SeawayMessage

/// An event of a socket whose next one waits until this is dealt with (W16).
struct SerialEvent: Hashable, Sendable {
    let controlChannel: String
    let order: Int64

    /// - Returns: `nil` for everything else.
    init?(_ message: IncomingMessage) {
        guard message.isOfWebSocket, message["serial"]?.bool == true, let order = message["order"]?.int,
            let controlChannel = message["control_channel"]?.string
        else { return nil }
        self.controlChannel = controlChannel
        self.order = order
    }

    /// What says that it is.
    var done: Payload { Payload(["done": .int(self.order)]) }
}

/// Who waits for an answer.
extension IncomingMessage {
    /// An interface server, with the client of an HTTP request (I1): nobody else makes such names.
    var isOfHTTP: Bool { self.replyChannel?.hasPrefix("http.response.") ?? false }
    /// An interface server, with a browser's socket (W1).
    var isOfWebSocket: Bool { self.replyChannel?.hasPrefix("websocket.") ?? false }

    /// Whether a channel is one of those that whoever waits has named.
    func waits(on channel: String) -> Bool {
        channel == self.replyChannel || (self.isOfWebSocket && channel == self["control_channel"]?.string)
    }
}
