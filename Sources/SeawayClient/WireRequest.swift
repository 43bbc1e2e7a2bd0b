import NIOCore
import SeawayMessage
import SeawayNIO
import SeawayWire

/// A request as it is written.
enum WireRequest {
    case send(Payload, String, ifHeard: Bool)
    case groupSend(Payload, String, except: String?)
    /// A verb with names, and an option word behind them.
    case names(String, [String], option: String? = nil)
    case ping
    case quit

    /// Bytes on the wire, about.
    var size: Int {
        switch self {
        case .send(let body, let channel, _): body.count + channel.utf8.count + 24
        case .groupSend(let body, let group, _): body.count + group.utf8.count + 300
        case .names(_, let names, _): names.reduce(24) { $0 + $1.utf8.count + 1 }
        case .ping, .quit: 5
        }
    }

    /// Whether its names are legal and its line is not too long, so that it cannot break the stream.
    var fault: Refusal? {
        switch self {
        case .send(_, let channel, _): Self.isLegal(channel) ? nil : Self.badName(channel)
        case .groupSend(_, let group, let except):
            Self.isLegal(group) && except.map(Self.isLegal) != false ? nil : Self.badName(group)
        case .names(_, let names, _):
            if let bad = names.first(where: { !Self.isLegal($0) }) {
                Self.badName(bad)
            } else if self.size > WireLimits().maxLine {
                Refusal(code: "line", text: "the names do not fit in one line")
            } else {
                nil
            }
        case .ping, .quit: nil
        }
    }

    private static func isLegal(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return NameForm(bytes.span) != nil
    }

    private static func badName(_ name: String) -> Refusal { Refusal(code: "name", text: "'\(name)' is no legal name") }

    func write(to buffer: inout ByteBuffer) {
        switch self {
        case .send(let body, let channel, let ifHeard):
            buffer.writeStaticString("SEND :")
            buffer.writeDecimal(body.count)
            buffer.writeStaticString(" ")
            buffer.writeString(channel)
            if ifHeard { buffer.writeStaticString(" Here=1") }
            Self.write(body, &buffer)
        case .groupSend(let body, let group, let except):
            buffer.writeStaticString("GSEND :")
            buffer.writeDecimal(body.count)
            buffer.writeStaticString(" ")
            buffer.writeString(group)
            if let except { buffer.writeString(" except=\(except)") }
            Self.write(body, &buffer)
        case .names(let verb, let names, let option):
            buffer.writeString(verb)
            for name in names { buffer.writeString(" \(name)") }
            if let option { buffer.writeString(" \(option)") }
            buffer.writeStaticString("\n")
        case .ping: buffer.writeStaticString("PING\n")
        case .quit: buffer.writeStaticString("QUIT\n")
        }
    }

    private static func write(_ body: Payload, _ buffer: inout ByteBuffer) {
        buffer.writeStaticString("\n")
        buffer.writeBytes(body.messagePack)
        buffer.writeStaticString("\n")
    }
}

/// Who waits for an answer.
enum WireWaiter {
    case send(@Sendable (SendAnswer) -> Void)
    case groupSend(@Sendable (GroupAnswer) -> Void)
    /// `LISTEN` of one listening on this connection.
    case listen(ObjectIdentifier)
    case hello
    case quit
    case nobody

    func refuse(_ refusal: Refusal) {
        switch self {
        case .send(let answer): answer(.refused(refusal))
        case .groupSend(let answer): answer(.refused(refusal))
        case .listen, .hello, .quit, .nobody: break
        }
    }

    /// The connection broke before the answer.
    func giveUp() {
        switch self {
        case .send(let answer): answer(.unknown)
        case .groupSend(let answer): answer(.unknown)
        case .listen, .hello, .quit, .nobody: break
        }
    }
}
