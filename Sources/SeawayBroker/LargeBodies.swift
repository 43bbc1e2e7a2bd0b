import SeawayHub
import SeawayMessage
import SeawayWire

/// A `SEND` or `GSEND` whose body takes long to check: its connection waits for that, and nobody else (A6).
final class CheckedSend: LongRequest {
    /// Where the message goes when it is one.
    typealias Way = (_ connection: Connection, _ body: Span<UInt8>, _ isWellFormed: Bool) -> Void

    private let body: [UInt8]
    private let format: BodyFormat
    private let way: Way
    private var hasBegun = false
    private var isWellFormed: Bool?

    init(_ body: [UInt8], _ format: BodyFormat, _ way: @escaping Way) {
        self.body = body
        self.format = format
        self.way = way
    }

    func goOn(for connection: Connection) -> Progress {
        let core = connection.core
        if !self.hasBegun {
            self.hasBegun = true
            let payer = connection.payer
            core.hub.hold(self.body.count, .input, by: payer)
            core.workshop.add(.check(self.body, self.format)) { outcome in
                core.hub.hold(-self.body.count, .input, by: payer)
                if case .isWellFormed(let isWellFormed) = outcome { self.isWellFormed = isWellFormed }
                connection.wake()
            }
        }
        guard let isWellFormed = self.isWellFormed else { return .whenCalled }
        let body = self.body
        self.way(connection, body.span, isWellFormed)
        return .over
    }

    /// The check is made to its end all the same.
    func giveUp(_ core: BrokerCore) {}
}

/// Large bodies for readers of the other format.
extension BrokerCore {
    /// One message for a connection that reads the other format.
    typealias Reading = (connection: Connection, group: Name?, names: [Name])

    /// Whether a body takes so long to translate that its readers wait for it elsewhere.
    func isLong(_ body: Span<UInt8>) -> Bool { body.count >= Workshop.smallest }

    /// Has a large body translated once for all of these, who are pushed nothing before it.
    func pushTranslated(_ body: Span<UInt8>, _ format: BodyFormat, to wanted: BodyFormat, _ readings: [Reading]) {
        let bytes = body.array
        let payer = self.hub.payer
        self.hub.hold(bytes.count, .output, by: payer)
        for reading in readings { reading.connection.awaitTranslation(of: bytes.count) }
        self.workshop.add(.translate(bytes, format, to: wanted)) { outcome in
            guard case .body(let translated) = outcome else { preconditionFailure("a translation makes a body") }
            self.readClock()
            self.hub.payer = payer
            let shared = SharedBody(translated, self.hub)
            // Not before: whoever pays may have left, and holds nothing else.
            self.hub.hold(-bytes.count, .output, by: payer)
            for reading in readings { reading.connection.push(shared, reading.group, reading.names) }
        }
    }
}

extension Connection {
    /// Nothing is pushed to it, and nothing of it is done, before what is being translated.
    func awaitTranslation(of bytes: Int) {
        self.translating = bytes
        self.core.hub.setBlocked(self.id, true)
        self.transport.setReading(false)
    }

    /// It is translated.
    func push(_ body: SharedBody, _ group: Name?, _ names: [Name]) {
        self.translating = 0
        guard self.isOpen else { return }
        if !self.isOverfull { self.core.hub.setBlocked(self.id, false) }
        self.push(group: group, shared: body) { write in
            for name in names { write(name.bytes.span) }
        }
        self.putOff()
        // It may have taken all that was unread meanwhile.
        if self.isOverfull { self.outputWasTaken() }
    }
}
