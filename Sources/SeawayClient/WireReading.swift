import NIOCore
import SeawayMessage
import SeawayWire

/// Listening over the wire, made again with each connection.
extension WireCore {
    func listen(_ listening: WireListening) {
        if let fault = self.fault(listening) { return listening.event(.refused(fault)) }
        self.holder = ObjectIdentifier(listening.layer)
        if self.link.isConnected { self.tellListening(listening) }
    }

    func tellListening(_ listening: WireListening) {
        let knowsAcks = self.features.contains("ack")
        guard knowsAcks || listening.terms.acknowledged.isEmpty else {
            self.end(listening)
            return listening.event(
                .refused(Refusal(code: "unknown", text: "the broker does not know acknowledged channels")))
        }
        if self.listenings.makeWay(for: listening) { self.output.writeStaticString("READY 0\n") }
        let acknowledged = listening.terms.acknowledged(of: listening.names, isKnown: knowsAcks)
        self.write(self.listenings.listen(listening, acknowledged: acknowledged), .listen(listening))
        if let name = self.listenings.account(of: listening) { self.output.writeString("READY 0 \(name)\n") }
    }

    func listened(_ listening: WireListening, _ options: WireOptions) {
        let progress = self.listenings.listened(listening, isKept: options["state"] != "fresh")
        // First, since also one that has ended meanwhile may have credit given back to another.
        self.endTurnSoon()
        guard case .started(let isKept, let lines) = progress else { return }
        self.write(self.configuration.restoresMemberships ? lines : lines.filter { $0.verb != "JOIN" }, .nobody)
        listening.event(.started(kept: isKept))
    }

    func listenRefused(_ listening: WireListening, _ refusal: Refusal) {
        // Some of its names may have been taken.
        self.write(self.listenings.stop(listening).lines, .nobody)
        self.end(listening)
        listening.event(.refused(refusal))
    }

    func ready(_ listening: WireListening, _ count: Int) {
        self.listenings.grant(count, to: listening)
        self.endTurnSoon()
    }

    /// Takes back the credit that was not used.
    func withdraw(_ listening: WireListening) {
        guard let account = self.listenings.withdraw(from: listening) else { return }
        self.output.writeString(account.map { "READY 0 \($0)\n" } ?? "READY 0\n")
        self.endTurnSoon()
    }

    func stop(_ listening: WireListening) {
        let credits = self.listenings.lastCredit(of: listening)
        let (lines, withdrawsCredit) = self.listenings.stop(listening)
        guard self.link.isConnected, let last = lines.last else { return self.end(listening) }
        if withdrawsCredit { self.output.writeStaticString("READY 0\n") }
        for credit in credits { self.write(credit) }
        self.write(lines.dropLast(), .nobody)
        // What was on its way comes before its answer.
        self.write(.line(last), .stop(listening))
    }

    func end(_ listening: WireListening) {
        self.listenings.end(listening)
        listening.stopped()
    }
}
