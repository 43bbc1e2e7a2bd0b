/// What a client says to a NATS server, gathered until it leaves in one piece.
///
/// Subjects must be legal (``NATSSubject``): they are written as they are.
package struct NATSWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package var count: Int { self.bytes.count }

    /// What was gathered; nothing is left.
    package mutating func take() -> [UInt8] {
        defer { self.bytes = [] }
        return self.bytes
    }

    package mutating func connect(_ json: String) { self.line("CONNECT \(json)") }
    package mutating func ping() { self.line("PING") }
    package mutating func pong() { self.line("PONG") }

    package mutating func subscribe(_ subject: String, queue: String? = nil, _ subscription: UInt64) {
        self.line("SUB \(subject)\(queue.map { " \($0)" } ?? "") \(subscription)")
    }

    package mutating func unsubscribe(_ subscription: UInt64) { self.line("UNSUB \(subscription)") }

    /// `PUB`, or `HPUB` where there are headers: their block.
    package mutating func publish(
        _ subject: String, reply: String? = nil, headers block: [UInt8] = [], _ payload: some Collection<UInt8>
    ) {
        self.text(block.isEmpty ? "PUB " : "HPUB ")
        self.text(subject)
        if let reply {
            self.text(" ")
            self.text(reply)
        }
        if !block.isEmpty {
            self.text(" ")
            self.number(block.count)
        }
        self.text(" ")
        self.number(block.count + payload.count)
        self.end()
        self.bytes += block
        self.bytes += payload
        self.end()
    }

    private mutating func line(_ text: String) {
        self.text(text)
        self.end()
    }

    private mutating func text(_ text: String) { self.bytes.append(contentsOf: text.utf8) }
    private mutating func number(_ number: Int) { self.text("\(number)") }
    private mutating func end() { self.bytes += [0x0D, 0x0A] }
}
