/// A message that has come.
package struct NATSMessage: Hashable, Sendable {
    package var subject: String
    package var reply: String?
    /// The headers as they came, empty if there were none: of most messages nobody looks at them.
    package var block: [UInt8]
    package var payload: [UInt8]

    package init(subject: String, reply: String? = nil, headers: NATSHeaders = NATSHeaders(), payload: [UInt8] = []) {
        self.init(subject: subject, reply: reply, block: headers.block, payload: payload)
    }

    package init(subject: String, reply: String?, block: [UInt8], payload: [UInt8]) {
        self.subject = subject
        self.reply = reply
        self.block = block
        self.payload = payload
    }

    /// Empty if there were none, or none that can be read.
    package var headers: NATSHeaders {
        self.block.isEmpty ? NATSHeaders() : NATSHeaders(self.block.span) ?? NATSHeaders()
    }

    /// What a server says in place of a message.
    package var status: Int? { NATSHeaders.mayHaveStatus(self.block) ? self.headers.status : nil }
}

/// What became of a request. Nothing is ever sent again by itself: what is not known may have been done.
package enum NATSOutcome: Hashable, Sendable {
    case answered(NATSMessage)
    /// The server knows of nobody who would take it (503): it was surely not done.
    case noResponders
    /// It has not left: surely not done.
    case notSent(NATSRefusal)
    /// It has left, and no answer has come: done or not.
    case unknown(NATSDoubt)
}

package enum NATSDoubt: Hashable, Sendable {
    /// No answer in time.
    case silence
    case connectionLost
}

/// Why something was not sent.
package enum NATSRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case notConnected
    /// The server is about to leave; there will be another.
    case leaving
    case tooLarge(limit: Int)
    case subject
    /// Too much waits already.
    case busy

    package var description: String {
        switch self {
        case .notConnected: "there is no connection"
        case .leaving: "the server is about to leave"
        case .tooLarge(let limit): "the message has more than \(limit) bytes"
        case .subject: "the subject is not legal"
        case .busy: "too much waits already"
        }
    }
}

/// Why there will be no connection again by itself.
package enum NATSFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server does not accept what it was shown; in its words.
    case denied(String)
    /// The server wants a signature, and has given nothing to sign.
    case nothingToSign
    /// This side has left.
    case left

    package var description: String {
        switch self {
        case .denied(let words): "the server does not let this client in: \(words)"
        case .nothingToSign: "the server knows no keys"
        case .left: "this side has left"
        }
    }
}

/// What a session has to tell.
package enum NATSEvent<Context> {
    /// Requests can be made; what was subscribed is subscribed again.
    case connected(NATSServerInfo)
    /// The connection is lost, or did not come about; another will be made. In words, for people.
    case away(String)
    case message(subscription: UInt64, NATSMessage)
    case outcome(Context, NATSOutcome)
    /// A message of a subscription that is no more.
    case stray(NATSMessage)
    /// The server does not do something, and goes on: in its words.
    case complaint(String)
    case over(NATSFault)
}

extension NATSEvent: Equatable where Context: Equatable {}
extension NATSEvent: Sendable where Context: Sendable {}

extension NATSMessage {
    /// Copies a message out of the bytes that its frame was found in.
    init(_ message: NATSFrame.Message, _ bytes: Span<UInt8>) {
        func text(_ range: Range<Int>) -> String {
            bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        self.init(
            subject: text(message.subject), reply: message.reply.map(text),
            block: bytes.extracting(message.headers).withUnsafeBufferPointer { Array($0) },
            payload: bytes.extracting(message.payload).withUnsafeBufferPointer { Array($0) })
    }
}
