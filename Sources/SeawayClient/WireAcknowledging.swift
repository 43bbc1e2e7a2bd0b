import Logging
import SeawayMessage
import SeawayWire

/// What becomes of messages that are to be acknowledged (D9 to D13), and sends on terms (S11 to S13).
extension WireCore {
    func deliver(_ channels: [String], _ options: WireOptions, _ body: Span<UInt8>) {
        guard let first = channels.first else { return }
        guard let listening = self.listenings.deliver(to: first) else {
            // Nobody is here any more; others are not to wait for it.
            guard let id = options["ack"] else { return }
            return self.write(.line(ClientLine("NAK", [first, id], option: "In=0 begun=0")), .nobody)
        }
        let held = HeldMessage(first, options, self.carrier, holder: listening.layer)
        if let held, let interval = listening.terms.holdInterval {
            self.holdings.schedule.add(held, every: interval, now: Self.now)
        }
        listening.receive(
            Delivery(
                channels: channels, group: options["group"], body: Payload(messagePack: body.array), held: held,
                deadLetter: DeadLetter(options)))
    }

    func take(
        _ verdict: HeldMessage.Verdict, of message: HeldMessage, _ answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        guard !self.link.isOver else { return answer(.refused(self.whyOver)) }
        if verdict == .done {
            guard self.holdings.acknowledge(.init(message, answer)) else {
                return answer(.refused(WireHoldings.late))
            }
            return self.endTurnSoon()
        }
        guard self.link.isConnected, message.carrier == self.carrier else {
            return answer(.refused(WireHoldings.late))
        }
        do throws(WireRefusal) {
            let verb = verdict == .held ? "HOLD" : "NAK"
            let line = ClientLine(verb, [message.channel, message.id], option: try verdict.option())
            self.write(.line(line), .send(answer))
        } catch {
            answer(.refused(Refusal(error)))
        }
    }

    /// Says what is due, several in one line.
    func sayAcknowledgements() {
        for (line, says) in self.holdings.takeLines() { self.write(.line(line), .acknowledge(says)) }
    }

    /// Has held anew what is in hand for long.
    func holdAnew(now: Int) {
        guard self.link.isConnected else { return }
        for (line, says) in self.holdings.takeHolds(now: now) { self.write(.line(line), .hold(says)) }
    }

    /// One of them is not held here any more, and so none was held anew (D12).
    func holdRefused(_ messages: [HeldMessage]) {
        let messages = messages.filter { !$0.isOver }
        if messages.count > 1 {
            for message in messages {
                self.write(.line(ClientLine("HOLD", [message.channel, message.id])), .hold([message]))
            }
        } else if let message = messages.first {
            self.holdings.schedule.remove(message)
            self.logger.warning(
                "a message is not held here any more: another may have it too",
                metadata: ["channel": "\(message.channel)"])
        }
    }

    // MARK: Sends on terms

    /// - Returns: what is to be written, or why it is not.
    func onTerms(_ send: SendOnTerms, _ waiter: WireWaiter) -> Result<(SendOnTerms, WireWaiter), Refusal> {
        if let missing = send.needs.first(where: { !self.features.contains($0) }) {
            return .failure(Refusal(code: "unknown", text: "the broker does not support \(missing)"))
        }
        guard let held = send.terms.acknowledging else { return .success((send, waiter)) }
        var send = send
        // By any other way it is said apart, behind this.
        send.saysAck =
            held.carrier == self.carrier && self.holder == ObjectIdentifier(held.holder) && !held.isOver
        return .success((send, .acknowledging(held, isSaid: send.saysAck, waiter)))
    }

    /// What was sent was taken, and with it the message is done.
    func acknowledged(_ message: HeldMessage, isSaid: Bool) {
        if isSaid { return message.end() }
        guard !message.isOver else { return }
        let logger = self.logger
        message.say(.done) { answer in
            guard case .refused(let refusal) = answer else { return }
            logger.debug(
                "a message was done and could not be acknowledged",
                metadata: ["channel": "\(message.channel)", "reason": "\(refusal)"])
        }
    }
}

/// A message that is sent on terms.
struct SendOnTerms {
    let body: Payload
    let channel: String
    let ifHeard: Bool
    let bounds: MessageBounds?
    let terms: MessageTerms
    /// Whether it acknowledges in the same frame.
    var saysAck = false

    /// Why it must not be written.
    var fault: Refusal? {
        if let delay = self.terms.delayInMilliseconds, !(1...SendTerms.longestDelay).contains(delay) {
            return Refusal(.option("In is 1 to \(SendTerms.longestDelay) ms"))
        }
        if let key = self.terms.once,
            !(1...SendTerms.mostKeyBytes).contains(key.utf8.count) || !key.utf8.allSatisfy(Name.isNameByte)
        {
            return Refusal(.option("Once is 1 to \(SendTerms.mostKeyBytes) of A-Z a-z 0-9 - _ ."))
        }
        return nil
    }

    /// Features of the broker without which it cannot be sent (H2).
    var needs: [String] {
        (self.bounds == nil ? [] : ["bounds"]) + (self.terms.delay == nil ? [] : ["delay"])
            + (self.terms.once == nil ? [] : ["once"])
    }

    /// As they are written, with a space before each.
    var options: String {
        (self.terms.delayInMilliseconds.map { " In=\($0)" } ?? "") + (self.terms.once.map { " Once=\($0)" } ?? "")
            + (self.saysAck ? self.terms.acknowledging.map { " Ack=\($0.id)" } ?? "" : "")
    }
}
