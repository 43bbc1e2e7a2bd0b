import NIOCore
import SeawayHub
import SeawayNIO
import SeawayStore
import SeawayWire

/// What a connection sends: a body that takes long to check is checked elsewhere first (A6).
extension Connection {
    /// Takes a message in, however its frame was read.
    @inline(__always)
    func take(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool = false,
        _ bounds: SendBounds? = nil, _ terms: SendTerms? = nil
    ) {
        if self.access.isLimited {
            guard self.access.allowsSend(to: channel),
                terms?.report.map({ self.access.allowsReport(on: $0.channel.bytes.span) }) ?? true
            else { return self.refuse(.denied) }
        }
        guard self.core.isLong(body) else {
            return self.send(body, format, to: channel, form, ifHeard: ifHeard, bounds, terms)
        }
        let name = channel.array
        self.begin(
            CheckedSend(body.array, format) {
                $0.send($1, format, to: name.span, form, ifHeard: ifHeard, bounds, terms, isWellFormed: $2)
            })
    }

    func sendChecked(
        _ body: Span<UInt8>, _ format: BodyFormat, toGroup group: Span<UInt8>, except: Name?, _ bounds: SendBounds?
    ) {
        guard self.core.isLong(body) else {
            return self.send(body, format, toGroup: group, except: except, bounds)
        }
        let name = group.array
        self.begin(
            CheckedSend(body.array, format) {
                $0.send($1, format, toGroup: name.span, except: except, bounds, isWellFormed: $2)
            })
    }

    /// - Parameter isWellFormed: `nil`: that is not known yet.
    @inline(__always)
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool,
        _ bounds: SendBounds? = nil, _ terms: SendTerms? = nil, isWellFormed: Bool? = nil
    ) {
        if let store = self.core.store, form == .normal, store.keeps(channel) {
            return self.answer(
                self.requests.send(
                    body, format, to: channel, in: store, ifHeard: ifHeard, bounds, terms, isWellFormed: isWellFormed))
        }
        if let terms {
            return self.answer(
                self.requests.send(
                    body, format, to: channel, form, ifHeard: ifHeard, bounds, terms, isWellFormed: isWellFormed))
        }
        if let refusal = self.core.send(body, format, to: channel, form, ifHeard: ifHeard, bounds, isWellFormed) {
            self.refuse(refusal)
        } else {
            self.session.accept()
            self.reply { $0.writeLine("OK\n") }
        }
    }

    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, toGroup group: Span<UInt8>, except: Name?, _ bounds: SendBounds?,
        isWellFormed: Bool? = nil
    ) {
        let limit = self.core.groupLimit
        switch self.core.send(
            body, format, toGroup: group, except: except, bounds, isWellFormed: isWellFormed, until: limit)
        {
        case .failure(let refusal): self.refuse(refusal)
        case .success(.over(let outcome)): self.answer(.init(.success(outcome)))
        case .success(.goesOn(let sending)):
            self.session.accept()
            self.underway = sending
            self.putOff()
            self.core.workLimit = 0
        }
    }
}

/// What it is done with.
extension Connection {
    /// Carries out the frame if it is a plain `SEND` with an acknowledgement, or with a wish to be told (S13, S14).
    ///
    /// - Returns: its length.
    func handlePlainSendOnTerms(_ bytes: Span<UInt8>) -> Int? {
        guard let send = PlainSendOnTerms(bytes, limits: self.limits),
            send.length < Workshop.smallest, !self.concernsStore(send, bytes)
        else { return nil }
        self.session.trust()
        guard !self.access.isLimited || self.access.allows(send, bytes) else {
            self.refuse(.denied)
            return send.length
        }
        if let refusal = self.core.send(bytes.extracting(send.body), self.format, send, in: bytes, by: self.id) {
            self.refuse(refusal)
        } else {
            self.session.accept()
            self.reply { $0.writeLine("OK\n") }
        }
        return send.length
    }

    /// What a store is to be asked is for the parser of all frames.
    private func concernsStore(_ send: PlainSendOnTerms, _ bytes: Span<UInt8>) -> Bool {
        guard let store = self.core.store else { return false }
        if case .stored? = send.acknowledges?.kind { return true }
        return send.form == .normal && store.keeps(bytes.extracting(send.channel))
    }

    /// Carries out the frame if it is a plain `ACK`.
    ///
    /// - Returns: its length.
    func handlePlainAcknowledgement(_ bytes: Span<UInt8>) -> Int? {
        guard let plain = PlainAcknowledgement(bytes, limits: self.limits) else { return nil }
        self.session.trust()
        let channel = bytes.extracting(plain.channel)
        guard !self.access.isLimited || self.access.allowsListening(on: channel) else {
            self.refuse(.denied)
            return plain.length
        }
        plain.forEachTag(bytes) { self.core.hub.acknowledge($0, of: channel) }
        self.session.accept()
        self.core.carryOutEffects()
        self.reply { $0.writeLine("OK\n") }
        return plain.length
    }
}
