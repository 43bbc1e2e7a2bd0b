import NIOCore

/// What the client sends.
extension WebSocketPeer {
    /// Takes what was read, as long as somebody wants it.
    func takeInput() {
        // A delegate that stops and resumes reading comes back here: the loop below goes on, no second one begins.
        guard !self.takesInput else { return }
        self.takesInput = true
        do throws(WebSocketFault) {
            while self.isReading, self.handshake.isReading, let event = try self.input.next(at: self.core.now) {
                self.take(event)
            }
            try self.core.hold(self.input.messageBytes, in: &self.heldBytes)
        } catch {
            self.fail(error)
        }
        self.takesInput = false
        if !self.handshake.isReading { self.forgetInput() }
        if self.inputHasEnded, self.isReading { self.end() }
    }

    func readOn() {
        guard self.readIsHeld, self.isReading else { return }
        self.readIsHeld = false
        self.context?.read()
    }

    private func take(_ event: MessageAssembly.Event) {
        switch event {
        case .none, .pong: break
        case .message(let message):
            guard self.handshake.isOpen else { return }
            self.core.counters.receivedMessages += 1
            self.core.counters.receivedBytes += message.bytes.readableBytes
            self.delegate?.received(message)
        case .ping(let payload):
            guard self.handshake.isOpen else { return }
            self.core.counters.droppedPongs += self.output.pong(payload)
            self.writeSoon()
        case .close(let close):
            // Answers to the client's last messages, if they are there already.
            self.write()
            self.carryOut(self.handshake.received(close, at: self.core.now))
        }
    }

    func forgetInput() {
        self.input.removeAll()
        self.core.release(&self.heldBytes)
    }

    /// The connection is gone; what was read before may still be wanted.
    func clientLeft() {
        if !self.isReading, self.input.count > 0, self.handshake.isReading {
            self.inputHasEnded = true
        } else {
            self.end()
        }
    }
}
