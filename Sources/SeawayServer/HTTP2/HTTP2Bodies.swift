import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

// MARK: Bodies in pieces
extension HTTP2Stream {
    func beginBody(_ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ first: ByteBuffer?) {
        // A body that has begun to come needs no leave; any other has it when the worker asks for it (I23).
        self.waitsToSend = first == nil && checked.fields.expectsContinue
        self.sendHead(head, checked, first)
    }

    func keep(_ sender: BodySender, for number: UInt64) { self.body = sender }

    func body(of number: UInt64) -> BodySender? { self.exchanges.first?.number == number ? self.body : nil }

    func bodyCame(_ piece: ByteBuffer) {
        guard let body = self.body, let number = self.exchanges.first?.number else { return }
        self.waitsToSend = false
        body.came(piece)
        self.bodyMoved(number, readerMoved: false)
    }

    func bodyCameWhole() {
        guard let body = self.body, let number = self.exchanges.first?.number else { return }
        self.waitsToSend = false
        self.becameWhole(number)
        body.becameWhole()
        self.bodyMoved(number, readerMoved: false)
    }

    func readerAsked(_ number: UInt64) {
        guard self.waitsToSend, !(self.exchanges.first?.stream.hasBegun ?? true) else { return }
        self.waitsToSend = false
        self.nothingIsOwed()
        self.write(.headers(.init(headers: [":status": "100"])))
    }

    /// Lets the client send on, in a turn of its own: parts of the request that were read and not passed on yet, its
    /// end among them, come first.
    func receiveMore(_ number: UInt64) {
        guard !self.isReading, !self.opensWindow, self.isComingIn else { return }
        self.opensWindow = true
        let bound = NIOLoopBound(self, eventLoop: self.core.eventLoop)
        self.core.eventLoop.execute {
            bound.value.opensWindow = false
            bound.value.openWindow()
        }
    }

    /// Lets the client send on, as far as there is room (Z8).
    func openWindow() {
        guard self.isComingIn, self.takesRequest, self.body?.stream.hasRoom ?? true else { return }
        guard let bytes = self.window.grant(held: self.body?.stream.held ?? 0) else { return }
        self.write(.windowUpdate(windowSizeIncrement: bytes))
    }

    func endBody(_ number: UInt64) {
        self.body.take()?.breakOff()
        self.countBody()
    }

    /// Ends a request whose body does not go on, though a worker has it.
    ///
    /// - Returns: whether there is one.
    func refuseRest(_ error: ErrorAnswer) -> Bool {
        guard let number = self.exchanges.first?.number else { return false }
        self.bodyFailed(number, error)
        return true
    }

    func countBody() {
        let held = self.intake.bodySize + (self.body?.stream.held ?? 0)
        if held != self.countedBody { self.core.bodies.change(by: held - self.countedBody) }
        self.countedBody = held
        self.memory.set(.bodies, to: held)
    }
}
