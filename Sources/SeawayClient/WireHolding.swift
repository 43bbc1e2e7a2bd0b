import SeawayWire

/// What the reader of a channel says of it: held back, let go, over.
extension WireCore {
    func pause(_ channel: String) {
        guard let number = self.listenings.pause(channel) else { return }
        self.tell("PAUSE", channel, .pause(channel, number))
    }

    func resume(_ channel: String) {
        if self.listenings.resume(channel) { self.tell("RESUME", channel) }
    }

    /// - Parameter done: called when the broker has answered, or is not there to be asked.
    func close(_ channels: [String], _ done: @escaping @Sendable () -> Void) {
        let channels = channels.filter { self.listenings.close($0) && self.mayTell("CLOSE", $0) }
        for channel in channels.dropLast() { self.tell("CLOSE", channel) }
        // Answers come in the order of their questions.
        if let last = channels.last { self.tell("CLOSE", last, .close(done)) } else { done() }
    }

    private func mayTell(_ verb: String, _ channel: String) -> Bool {
        self.link.isConnected && WireRequest.line(ClientLine(verb, [channel])).fault == nil
    }

    private func tell(_ verb: String, _ channel: String, _ waiter: WireWaiter = .nobody) {
        if self.mayTell(verb, channel) { self.write(.line(ClientLine(verb, [channel])), waiter) }
    }
}
