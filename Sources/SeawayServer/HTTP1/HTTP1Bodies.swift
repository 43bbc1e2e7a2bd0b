import NIOCore
import NIOHTTP1

// MARK: Bodies in pieces
extension HTTP1Handler: BodySource {
    /// Whether more of the body that is coming in may be read.
    var bodyHasRoom: Bool { self.incoming.map { self.bodies[$0]?.stream.hasRoom ?? true } ?? true }

    /// Whether the body of this request has yet to come in whole.
    func isComingIn(_ number: UInt64) -> Bool { self.incoming == number }

    func beginBody(_ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ first: ByteBuffer?) {
        guard !checked.asksForWebSocket else { return self.refuse(.bodyTooLarge) }
        self.clock.headCame(at: self.core.now)
        // A body that has begun to come needs no leave; any other has it when the worker asks for it (I23).
        self.waitsToSend = first == nil && checked.fields.expectsContinue && !checked.isHTTP10
        let route = self.core.configuration.routes.match(host: checked.host, path: checked.target.path)
        let number = self.core.beginRequest(of: self)
        let asked = AskedRequest(number, head, checked, route: route, began: self.core.logTime)
        self.exchanges.begin(
            number, HTTP1Request(asked, checked), deadline: self.core.now + self.core.configuration.httpTimeout)
        self.incoming = number
        let sender = BodySender(number, core: self.core, source: self)
        if let first { sender.came(first) }
        self.bodies[number] = sender
        self.core.send(
            head, checked, nil, from: self.addresses, number: number, route: route,
            bodyChannel: self.core.bodyChannel(number))
    }

    func bodyCame(_ piece: ByteBuffer) {
        guard let number = self.incoming else { return }
        self.waitsToSend = false
        self.clock.bodyCame(at: self.core.now)
        self.bodies[number]?.came(piece)
        self.bodyMoved(number, readerMoved: false)
    }

    func bodyCameWhole(staysOpen: Bool) {
        guard let number = self.incoming.take() else { return }
        self.clock.requestCame(at: self.core.now)
        if !staysOpen { self.clock.readingStopped(at: self.core.now) }
        self.waitsToSend = false
        self.bodies[number]?.becameWhole()
        self.bodyMoved(number, readerMoved: false)
    }

    /// The reader of a request's body takes pieces up to an offset.
    func ask(_ number: UInt64, upTo offset: Int) {
        guard let sender = self.bodies[number] else { return }
        sender.ask(upTo: offset)
        if self.incoming == number { self.letReaderHaveBody() }
    }

    func bodyMoved(_ number: UInt64, readerMoved: Bool) {
        self.countBody()
        guard let sender = self.bodies[number] else { return }
        if let index = self.exchanges.index(of: number), !self.exchanges[index].isPaused {
            // Of a worker that waits for the client no answer is due.
            if sender.stream.waitsForClient {
                self.exchanges[index].deadline = nil
            } else if readerMoved || self.exchanges[index].deadline == nil {
                self.exchanges[index].deadline = self.core.now + self.core.configuration.httpTimeout
            }
        }
        if sender.stream.isOver, self.incoming != number { self.bodies[number] = nil }
        self.goOnReading()
    }

    func bodyFailed(_ number: UInt64, _ error: ErrorAnswer) {
        self.countBody()
        guard let index = self.exchanges.index(of: number) else { return }
        self.core.closeReplyChannel(number)
        if error.end == .left { self.core.tellAll(of: self.exchanges[index].request.asked, .left) }
        self.fail(number, error)
    }

    /// Its answer is over, or its client has left: nobody is to have the rest.
    func endBody(_ number: UInt64) {
        if self.incoming == number { self.incoming = nil }
        self.bodies.removeValue(forKey: number)?.breakOff()
        self.countBody()
    }

    /// Ends a request whose body does not go on, though a worker has it.
    ///
    /// - Returns: whether there is one.
    func refuseRest(_ error: ErrorAnswer) -> Bool {
        guard let number = self.incoming, self.exchanges.index(of: number) != nil else { return false }
        self.clock.readingStopped(at: self.core.now)
        self.bodyFailed(number, error)
        return true
    }

    /// Keeps the sum over all connections.
    func countBody() {
        let held = self.intake.bodySize + self.bodies.values.reduce(0) { $0 + $1.stream.held }
        self.core.bodyBytes += held - self.countedBody
        self.countedBody = held
    }
}
