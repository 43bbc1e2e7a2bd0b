import NIOCore
import NIOHTTP1

// MARK: Bodies in pieces
extension HTTP1Handler {
    /// Whether more of the body that is coming in may be read.
    var bodyHasRoom: Bool { self.incoming.map { self.bodies[$0]?.stream.hasRoom ?? true } ?? true }

    /// Whether the body of this request has yet to come in whole.
    func isComingIn(_ number: UInt64) -> Bool { self.incoming == number }

    func beginBody(_ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ first: ByteBuffer?) {
        guard !checked.asksForWebSocket else { return self.refuse(.bodyTooLarge) }
        self.clock.headCame(at: self.core.now)
        // A body that has begun to come needs no leave; any other has it when the worker asks for it (I23).
        self.waitsToSend = first == nil && checked.fields.expectsContinue && !checked.isHTTP10
        self.sendHead(head, checked, first)
    }

    func keep(_ sender: BodySender, for number: UInt64) {
        self.incoming = number
        self.bodies[number] = sender
    }

    func body(of number: UInt64) -> BodySender? { self.bodies[number] }

    func bodyCame(_ piece: ByteBuffer) {
        guard let number = self.incoming else { return }
        self.waitsToSend = false
        self.bodies[number]?.came(piece)
        self.bodyMoved(number, readerMoved: false)
    }

    func bodyCameWhole(staysOpen: Bool) {
        guard let number = self.incoming.take() else { return }
        let now = self.core.now
        self.clock.requestCame(at: now)
        if !staysOpen { self.clock.readingStopped(at: now) }
        self.waitsToSend = false
        self.becameWhole(number)
        self.bodies[number]?.becameWhole()
        self.bodyMoved(number, readerMoved: false)
    }

    func readerAsked(_ number: UInt64) { if self.incoming == number { self.letReaderHaveBody() } }

    func receiveMore(_ number: UInt64) {
        if self.incoming != number, self.bodies[number]?.stream.isOver ?? false { self.bodies[number] = nil }
        self.goOnReading()
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
        if held != self.countedBody { self.core.bodies.change(by: held - self.countedBody) }
        self.countedBody = held
        self.memory.set(.bodies, to: held)
    }
}
