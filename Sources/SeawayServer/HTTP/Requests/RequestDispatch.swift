import NIOCore
import NIOHTTP1

// MARK: What goes to workers
extension AnswerDispatch {
    /// Sends a request that has come whole.
    func send(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ body: ByteBuffer?
    ) {
        let (number, route, marks) = self.begin(head, checked)
        self.becameWhole(number)
        self.core.send(head, checked, body, from: self.addresses, number: number, route: route, marks: marks)
    }

    /// Sends a request whose body comes in pieces.
    ///
    /// - Parameter first: what of the body is here.
    func sendHead(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ first: ByteBuffer?
    ) {
        let (number, route, marks) = self.begin(head, checked)
        let sender = BodySender(number, core: self.core, source: self)
        if let first { sender.came(first) }
        self.keep(sender, for: number)
        self.core.send(
            head, checked, nil, from: self.addresses, number: number, route: route, marks: marks,
            bodyChannel: self.core.bodyChannel(number))
    }

    /// The whole answer is due from the request's last byte on.
    func becameWhole(_ number: UInt64) {
        guard let time = self.core.configuration.answerTimeout, let index = self.exchanges.index(of: number) else {
            return
        }
        self.exchanges[index].limit = self.core.now + time
    }

    private func begin(_ head: HTTPRequestHead, _ checked: RequestCheck.Head) -> (UInt64, RequestRoute, RequestMarks) {
        let route = self.core.configuration.routes.match(host: checked.host, path: checked.target.path)
        let number = self.core.beginRequest(of: self, to: route)
        let marks = self.core.marks(of: number, head, checked, from: self.addresses)
        let asked = AskedRequest(
            number, head, checked, route: route, client: self.addresses.client?.host,
            details: self.core.accessDetails(head, checked, self.addresses), requestID: marks.requestID,
            began: self.core.eventLoop.now)
        self.exchanges.begin(
            number, HeldRequest(asked, checked), deadline: self.core.now + self.core.configuration.httpTimeout)
        return (number, route, marks)
    }
}

// MARK: WebSockets
extension AnswerDispatch {
    /// Begins to ask a worker whether a request may become a WebSocket.
    ///
    /// - Returns: what goes on when it is told to; `nil` where the request was refused.
    func beginSocket(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head
    ) -> SocketSession? {
        let handshake: WebSocketHandshake
        do throws(WebSocketHandshakeFault) {
            handshake = try WebSocketHandshake(head)
        } catch {
            self.refuse(.handshake(error), isHead: false)
            return nil
        }
        let refusal = self.core.isDraining ? .unreachable : self.core.sockets.refusal(head, from: self.addresses)
        if let refusal {
            self.refuse(refusal, isHead: false)
            return nil
        }
        let route = self.core.configuration.sockets.routes.match(host: checked.host, path: checked.target.path)
        let number = self.core.nextNumber()
        let marks = self.core.marks(of: number, head, checked, from: self.addresses)
        let asked = AskedRequest(
            number, head, checked, route: nil, client: self.addresses.client?.host,
            details: self.core.accessDetails(head, checked, self.addresses, channel: route.channel),
            requestID: marks.requestID,
            began: self.core.eventLoop.now)
        self.exchanges.begin(number, HeldRequest(asked, checked), deadline: nil)
        return self.core.sockets.ask(self, number, head, checked, handshake, route, marks, from: self.addresses)
    }
}

// MARK: Bodies in pieces
extension AnswerDispatch {
    func ask(_ number: UInt64, upTo offset: Int) {
        guard let sender = self.body(of: number) else { return }
        sender.ask(upTo: offset)
        self.readerAsked(number)
    }

    func bodyMoved(_ number: UInt64, readerMoved: Bool) {
        self.countBody()
        guard let sender = self.body(of: number) else { return }
        if let index = self.exchanges.index(of: number), !self.exchanges[index].isPaused {
            // Of a worker that waits for the client no answer is due.
            if sender.stream.waitsForClient {
                self.exchanges[index].deadline = nil
            } else if readerMoved || self.exchanges[index].deadline == nil {
                self.exchanges[index].deadline = self.core.now + self.core.configuration.httpTimeout
            }
        }
        self.receiveMore(number)
    }

    func bodyFailed(_ number: UInt64, _ error: ErrorAnswer) {
        self.countBody()
        guard let index = self.exchanges.index(of: number) else { return }
        self.core.closeReplyChannel(number)
        if error.end == .left { self.core.tellAll(of: self.exchanges[index].request.asked, .left) }
        self.fail(number, error)
    }
}
