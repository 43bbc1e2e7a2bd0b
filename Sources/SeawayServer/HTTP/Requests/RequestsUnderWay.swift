import SeawayMessage

/// The requests of one event loop that wait for their answers: who holds each, by which connection it went, and, of
/// those that may be asked for once more (I70), what is to be sent then.
struct RequestsUnderWay {
    private struct Request {
        let holder: any ExchangeHolder
        var carrier: Carrier?
        /// What is to be sent once more if its worker is lost, and where.
        var kept: (body: Payload, channel: String)?

        mutating func keep(_ body: Payload, for channel: String) { self.kept = (body, channel) }
    }

    private var requests: [UInt64: Request] = [:]
    /// Bytes of what is kept, and how many there may be.
    private(set) var keptBytes = 0
    /// Bytes of requests that are kept to be sent once more.
    var mostKept: Int

    init(mostKept: Int) { self.mostKept = mostKept }

    var count: Int { self.requests.count }
    var all: [(number: UInt64, holder: any ExchangeHolder)] { self.requests.map { ($0.key, $0.value.holder) } }

    subscript(number: UInt64) -> (any ExchangeHolder)? { self.requests[number]?.holder }

    mutating func begin(_ number: UInt64, _ holder: any ExchangeHolder) {
        self.requests[number] = Request(holder: holder)
    }

    /// - Returns: bytes that were kept for it.
    mutating func end(_ number: UInt64) -> Int {
        guard let size = self.requests.removeValue(forKey: number)?.kept?.body.count else { return 0 }
        self.keptBytes -= size
        return size
    }

    /// Keeps what may be sent once more.
    ///
    /// - Returns: whether there was room.
    mutating func keep(_ body: Payload, for channel: String, of number: UInt64) -> Bool {
        guard self.keptBytes + body.count <= self.mostKept, self.requests[number]?.keep(body, for: channel) != nil
        else { return false }
        self.keptBytes += body.count
        return true
    }

    /// What is to be sent once more; no second time.
    mutating func takeKept(of number: UInt64) -> (body: Payload, channel: String)? {
        guard let kept = self.requests[number]?.kept else { return nil }
        self.requests[number]?.kept = nil
        self.keptBytes -= kept.body.count
        return kept
    }

    /// A broker has it by this connection.
    mutating func carried(_ number: UInt64, by carrier: Carrier) { self.requests[number]?.carrier = carrier }

    /// Those that went by a connection.
    func carried(by carrier: Carrier) -> [(number: UInt64, holder: any ExchangeHolder)] {
        self.requests.lazy.filter { $0.value.carrier == carrier }.map { ($0.key, $0.value.holder) }
    }
}
