/// What a client says to a NATS server, gathered until it leaves in one piece.
///
/// Subjects must be legal (``NATSSubject``): they are written as they are.
package struct NATSWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package var count: Int { self.bytes.count }

    /// Forgets what was gathered, which has been written; its room is used again, unless it is much.
    package mutating func clear() { self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= Self.mostKept) }

    private static let mostKept = 1 << 20

    package mutating func connect(_ json: String) { self.line("CONNECT \(json)") }
    package mutating func ping() { self.line("PING") }
    package mutating func pong() { self.line("PONG") }

    package mutating func subscribe(_ subject: String, queue: String? = nil, _ subscription: UInt64) {
        self.line("SUB \(subject)\(queue.map { " \($0)" } ?? "") \(subscription)")
    }

    package mutating func unsubscribe(_ subscription: UInt64) { self.line("UNSUB \(subscription)") }

    /// `PUB`, or `HPUB` where there are headers: their block.
    ///
    /// - Parameter number: to be written behind the reply subject.
    package mutating func publish(
        _ subject: String, reply: String? = nil, number: UInt64? = nil, headers block: [UInt8] = [],
        _ payload: some Collection<UInt8>
    ) {
        self.text(block.isEmpty ? "PUB " : "HPUB ")
        self.text(subject)
        if let reply {
            self.space()
            self.text(reply)
            if let number { self.number(number) }
        }
        if !block.isEmpty {
            self.space()
            self.number(UInt64(block.count))
        }
        self.space()
        self.number(UInt64(block.count + payload.count))
        self.end()
        self.bytes.append(contentsOf: block)
        self.bytes.append(contentsOf: payload)
        self.end()
    }

    private mutating func line(_ text: String) {
        self.text(text)
        self.end()
    }

    private mutating func text(_ text: String) { self.bytes.append(contentsOf: text.utf8) }
    private mutating func space() { self.bytes.append(UInt8(ascii: " ")) }

    private mutating func number(_ number: UInt64) {
        var power: UInt64 = 1
        while number / power >= 10 { power *= 10 }
        while power > 0 {
            self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
            power /= 10
        }
    }

    private mutating func end() {
        self.bytes.append(UInt8(ascii: "\r"))
        self.bytes.append(UInt8(ascii: "\n"))
    }
}
