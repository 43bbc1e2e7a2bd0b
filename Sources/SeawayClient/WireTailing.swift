package import SeawayMessage
import SeawayWire

/// What one layer looks on at.
struct WireTail: Sendable {
    let patterns: [String]
    let event: @Sendable (TailEvent) -> Void

    /// Why it must not be asked for.
    var fault: Refusal? {
        guard !self.patterns.isEmpty else { return Refusal(code: "args", text: "there is no pattern to tail") }
        if let refusal = self.line.lengthRefusal() { return Refusal(refusal) }
        return self.patterns.first { Pattern($0) == nil }.map { Refusal(.name(Array($0.utf8).span)) }
    }

    var line: ClientLine { ClientLine("TAIL", self.patterns) }
}

extension WireLayer {
    /// Looks on at what comes to channels that match, until the layer shuts down; nothing is taken by it.
    ///
    /// The broker must know `TAIL`. A layer looks on at one list of patterns; another call replaces nothing and is
    /// refused.
    ///
    /// - Parameters:
    ///   - patterns: 1 to 1,024 patterns (N5).
    ///   - event: called on the layer's thread; must not block.
    package func tail(_ patterns: [String], event: @escaping @Sendable (TailEvent) -> Void) {
        self.onLoop { $0.tail(WireTail(patterns: patterns, event: event)) }
    }
}

extension WireCore {
    func tail(_ tail: WireTail) {
        let isSecond = self.tail != nil
        if let fault = isSecond ? Refusal(code: "limit", text: "one tail for each layer") : tail.fault {
            return tail.event(.refused(fault))
        }
        guard !self.link.isOver else {
            return tail.event(.refused(self.whyOver))
        }
        self.tail = tail
        if self.link.isConnected { self.askForTail() }
    }

    func askForTail() {
        guard let tail = self.tail else { return }
        let answer: @Sendable (SendAnswer) -> Void = { answer in
            switch answer {
            case .done: tail.event(.started)
            case .refused(let refusal): tail.event(.refused(refusal))
            // The next connection asks again.
            case .unknown: break
            }
        }
        self.write(.line(tail.line), .send(answer))
    }
}
