import NIOCore
import SeawayNIO

/// How it ends.
extension WebSocketPeer {
    /// Closes at once, because of what the client did.
    func fail(_ fault: WebSocketFault) {
        self.core.counters.count(fault)
        self.delegate?.failed(fault)
        // Answers to the client's messages before, if they are there already.
        self.write()
        let close = WebSocketClose(
            code: fault.code(blocked: self.core.configuration.blockedCode), reason: fault.reason)
        self.carryOut(self.handshake.failed(close, at: self.core.now))
    }

    func carryOut(_ action: CloseHandshake.Action) {
        switch action {
        case .none: break
        case .close(let close):
            self.output.close(close)
            self.writeSoon()
        case .end(let frame, let told):
            self.dropOutput()
            switch frame {
            case .close(let close): self.output.close(close)
            case .empty: self.output.close(nil)
            case nil: break
            }
            self.tell(told)
            self.write()
        case .gone(let told):
            self.dropOutput()
            self.tell(told)
            guard let context = self.context else { return self.end() }
            context.closeAtOnce()
        }
    }

    private func tell(_ close: WebSocketClose?) {
        guard let close else { return }
        self.delegate?.closed(code: close.code, reason: close.reason)
    }

    /// The connection is gone.
    func end() {
        self.inputHasEnded = false
        self.carryOut(self.handshake.connectionEnded())
        guard let delegate = self.delegate.take() else { return }
        self.waitingBytes = 0
        self.forgetInput()
        self.sharedAhead = []
        self.memory.release()
        self.core.leave(self)
        delegate.connectionEnded()
    }

    func sweep(at now: Moment) {
        self.output.sweep(at: now)
        self.look(at: now)
        let wasReading = self.handshake.isReading
        let action = self.handshake.sweep(
            at: now, quietSince: self.clock.quietSince, self.core.configuration)
        if action != .none {
            if wasReading { self.core.counters.closeTimeouts += 1 }
            return self.carryOut(action)
        }
        guard self.handshake.isOpen else { return }
        switch self.clock.check(at: now, self.core.configuration) {
        case .none: break
        case .ping:
            self.output.ping()
            self.writeSoon()
        case .giveUp:
            self.core.counters.silent += 1
            self.abort()
        case .stalled: self.fail(.blockedTooLong)
        }
    }
}

extension WebSocketPeer {
    /// Finds out what the client has taken, where something depends on it.
    func look(at now: Moment) {
        let configuration = self.core.configuration
        guard self.taken.isOpen, let channel = self.context?.channel,
            !self.handshake.isOpen || self.clock.mustLook(at: now, configuration)
        else { return }
        let before = self.taken.waitingSince
        self.taken.look(self.ownOutgoing?() ?? self.core.outgoing(channel), at: now)
        if !self.taken.isOpen { self.handshake.allWasTaken() }
        self.clock.looked(
            waits: self.taken.isOpen, hasTaken: self.taken.waitingSince != before, at: now, configuration)
    }
}

extension WebSocketCounters {
    mutating func count(_ fault: WebSocketFault) {
        switch fault {
        case .notMasked, .lengthEncoding, .reservedBits, .reservedOpcode, .longControlFrame, .fragmentedControlFrame,
            .continuationOfNothing, .messageInMessage, .closeLength, .closeCode, .notUTF8, .notDeflate,
            .deflateOverhead:
            self.malformed += 1
        case .frameTooBig, .messageTooBig: self.tooBig += 1
        case .tooManyMessages: self.tooFast += 1
        case .blockedTooLong, .outputOverflow: self.blockedTooLong += 1
        case .noRoom, .noMemory: self.noRoom += 1
        }
    }
}
