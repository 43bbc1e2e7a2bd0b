import NIOCore
import SeawayMessage
import SeawayNIO
import SeawayWire

/// A request as it is written.
enum WireRequest {
    case send(Payload, String, ifHeard: Bool, MessageBounds? = nil)
    indirect case sendOnTerms(SendOnTerms)
    case reportedSend(ReportedSend)
    case groupSend(Payload, String, except: String?, MessageBounds? = nil)
    case line(ClientLine)
    case ping
    case quit

    /// Bytes of its body.
    var bodySize: Int {
        switch self {
        case .send(let body, _, _, _), .groupSend(let body, _, _, _): body.count
        case .sendOnTerms(let send): send.body.count
        case .reportedSend(let send): send.body.count
        case .line, .ping, .quit: 0
        }
    }

    /// Bytes on the wire, about.
    var size: Int {
        switch self {
        case .send(let body, let channel, _, let bounds):
            body.count + channel.utf8.count + 24 + Self.size(bounds)
        case .sendOnTerms(let send):
            send.body.count + send.channel.utf8.count + 176 + Self.size(send.bounds)
        case .reportedSend(let send): send.size
        case .groupSend(let body, let group, let except, let bounds):
            body.count + group.utf8.count + (except?.utf8.count ?? 0) + 32 + Self.size(bounds)
        case .line(let line): line.length + 1
        case .ping, .quit: 5
        }
    }

    /// Why it must not be written: an illegal name or a long line would break the stream.
    var fault: Refusal? {
        switch self {
        case .send(_, let channel, _, let bounds): Self.fault(channel, where: \.isChannel) ?? Self.fault(bounds)
        case .sendOnTerms(let send):
            Self.fault(send.channel, where: \.isChannel) ?? Self.fault(send.bounds) ?? send.fault
        case .reportedSend(let send): send.fault
        case .groupSend(_, let group, let except, let bounds):
            Self.fault(group) { $0 == .normal } ?? except.flatMap { Self.fault($0, where: \.isChannel) }
                ?? Self.fault(bounds)
        case .line(let line):
            line.names.lazy.compactMap { Self.fault($0) }.first ?? line.lengthRefusal().map(Refusal.init)
        case .ping, .quit: nil
        }
    }

    /// - Parameter isLegalHere: whether a form of names may stand in this place: a fault of the name comes before one
    ///   of the body (A4).
    static func fault(_ name: String, where isLegalHere: (NameForm) -> Bool = { _ in true }) -> Refusal? {
        var name = name
        return name.withUTF8 { bytes in
            let bytes = Span(_unsafeElements: bytes)
            let isLegal = NameForm(bytes).map(isLegalHere) ?? false
            return isLegal ? nil : Refusal(.name(bytes))
        }
    }

    private static func fault(_ bounds: MessageBounds?) -> Refusal? {
        do throws(WireRefusal) {
            _ = try bounds.map(Self.wire)
            return nil
        } catch {
            return Refusal(error)
        }
    }

    private static func wire(_ bounds: MessageBounds) throws(WireRefusal) -> SendBounds {
        try SendBounds(bounds.capacities.map { ($0.pattern, $0.messages) }, expiry: bounds.expiryInMilliseconds)
    }

    private static func size(_ bounds: MessageBounds?) -> Int {
        (bounds?.capacities ?? []).reduce(bounds == nil ? 0 : 24) { $0 + ($1.pattern?.utf8.count ?? 0) + 8 }
    }

    /// Whether it asks for what only a broker with the feature `bounds` knows (H2).
    var hasBounds: Bool {
        switch self {
        case .send(_, _, _, let bounds), .groupSend(_, _, _, let bounds): bounds != nil
        case .sendOnTerms, .reportedSend, .line, .ping, .quit: false
        }
    }

    func write(to buffer: inout ByteBuffer) {
        switch self {
        case .send(let body, let channel, let ifHeard, let bounds):
            buffer.writeStaticString("SEND :")
            buffer.writeDecimal(body.count)
            buffer.writeStaticString(" ")
            buffer.writeString(channel)
            if ifHeard { buffer.writeStaticString(" Here=1") }
            Self.write(bounds, &buffer)
            Self.write(body, &buffer)
        case .sendOnTerms(let send):
            buffer.writeStaticString("SEND :")
            buffer.writeDecimal(send.body.count)
            buffer.writeStaticString(" ")
            buffer.writeString(send.channel)
            if send.ifHeard { buffer.writeStaticString(" Here=1") }
            Self.write(send.bounds, &buffer)
            buffer.writeString(send.options)
            Self.write(send.body, &buffer)
        case .reportedSend(let send): send.write(to: &buffer)
        case .groupSend(let body, let group, let except, let bounds):
            buffer.writeStaticString("GSEND :")
            buffer.writeDecimal(body.count)
            buffer.writeStaticString(" ")
            buffer.writeString(group)
            if let except { buffer.writeString(" except=\(except)") }
            Self.write(bounds, &buffer)
            Self.write(body, &buffer)
        case .line(let line):
            buffer.writeString(line.verb)
            for name in line.names {
                buffer.writeStaticString(" ")
                buffer.writeString(name)
            }
            if let option = line.option { buffer.writeString(" \(option)") }
            buffer.writeStaticString("\n")
        case .ping: buffer.writeStaticString("PING\n")
        case .quit: buffer.writeStaticString("QUIT\n")
        }
    }

    private static func write(_ bounds: MessageBounds?, _ buffer: inout ByteBuffer) {
        guard let bounds else { return }
        guard let wire = try? Self.wire(bounds) else { preconditionFailure("they were looked at before") }
        buffer.writeString(wire.options)
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
    /// The same, for who is told by which connection it went.
    case carriedSend(@Sendable (SendAnswer, Carrier) -> Void)
    /// One of the two, of what acknowledges a message when it is taken: in the same frame or apart.
    indirect case acknowledging(HeldMessage, isSaid: Bool, WireWaiter)
    /// `ACK` of several.
    case acknowledge([WireHoldings.Acknowledgement])
    /// `HOLD` of several.
    case hold([HeldMessage])
    case groupSend(@Sendable (GroupAnswer) -> Void)
    /// `MEMBERS`, `PEEK` or `STATS`.
    case look(@Sendable (LookAnswer) -> Void)
    /// `WATCH` and `UNWATCH` of a group, on a channel.
    case watch(String, String, @Sendable (SendAnswer) -> Void)
    case unwatch(String, String, @Sendable (SendAnswer) -> Void)
    /// `LISTEN` of a listening.
    case listen(WireListening)
    /// The last `UNLISTEN` of a listening.
    case stop(WireListening)
    /// The last `CLOSE` of several.
    case close(@Sendable () -> Void)
    /// `PAUSE` of a channel, with its number.
    case pause(String, Int)
    case hello
    case quit
    case nobody

    /// Those that are to be said again when they were not answered.
    var acknowledgements: [WireHoldings.Acknowledgement] {
        if case .acknowledge(let says) = self { return says }
        return []
    }

    /// Nobody knows what became of it.
    ///
    /// - Parameter carrier: the connection that has ended.
    func leaveUnknown(_ carrier: Carrier) {
        switch self {
        case .send(let answer), .watch(_, _, let answer), .unwatch(_, _, let answer): answer(.unknown)
        case .carriedSend(let answer): answer(.unknown, carrier)
        case .acknowledging(_, _, let waiter): waiter.leaveUnknown(carrier)
        // The core says it again.
        case .acknowledge: break
        case .groupSend(let answer): answer(.unknown)
        case .look(let answer): answer(.unknown)
        case .close(let done): done()
        case .hold, .listen, .stop, .pause, .hello, .quit, .nobody: break
        }
    }

    /// Nothing was stored or changed.
    func refuse(_ refusal: Refusal) {
        switch self {
        case .send(let answer), .watch(_, _, let answer), .unwatch(_, _, let answer): answer(.refused(refusal))
        case .carriedSend(let answer): answer(.refused(refusal), Carrier())
        case .acknowledging(_, _, let waiter): waiter.refuse(refusal)
        case .acknowledge(let says): for one in says { one.answer(.refused(refusal)) }
        case .groupSend(let answer): answer(.refused(refusal))
        case .look(let answer): answer(.refused(refusal))
        case .close(let done): done()
        case .hold, .listen, .stop, .pause, .hello, .quit, .nobody: break
        }
    }
}

extension Refusal {
    /// What this side refuses as the broker would, in the same words.
    init(_ refusal: WireRefusal) { self.init(code: refusal.code.rawValue, text: refusal.details) }
}

extension GroupAnswer {
    init(_ options: WireOptions) {
        func count(_ key: String) -> Int { options[key].flatMap { Int($0) } ?? 0 }
        self = .sent(count("sent"), full: count("full"), gone: count("gone"))
    }
}
