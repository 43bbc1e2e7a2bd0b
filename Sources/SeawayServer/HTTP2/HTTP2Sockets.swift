import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

// MARK: WebSockets (RFC 8441)
extension HTTP2Stream {
    /// Takes a request that asks for another protocol on its stream.
    ///
    /// - Parameter isWhole: the client has ended its side with it.
    func begin(_ head: HTTPRequestHead, asksFor name: String, isWhole: Bool) {
        guard name == "websocket" else { return self.refuse(.connect) }
        guard !isWhole else { return self.refuse(.syntax) }
        self.asksForSocket = true
        self.take(.head(head))
        // It has no body: what its stream carries is the socket's.
        self.take(.end(nil))
    }

    func askForSocket(_ head: HTTPRequestHead, _ checked: RequestCheck.Head) {
        guard self.core.hasPlace else { return self.refuse(.tooManyConnections) }
        guard let session = self.beginSocket(head, checked) else { return }
        self.socket = session
        session.pump()
    }

    /// Says 200 and hands the stream over.
    func becomeWebSocket(
        _ number: UInt64, _ acceptance: WebSocketAcceptance, _ answer: Answer, _ peer: WebSocketPeer
    ) {
        guard let index = self.exchanges.index(of: number), self.isOpen else { return peer.abort() }
        self.exchanges[index].request.asked.become(200, at: self.core.eventLoop.now)
        let requestID = self.exchanges[index].request.asked.requestID
        self.core.endRequest(self.exchanges[index].request.asked)
        _ = self.exchanges.endFirst()
        self.socket = nil
        let head = self.connection.writer.head(acceptance, answer, requestID: requestID)
        self.write(.headers(.init(headers: head)))
        let tunnel = self.handOver()
        guard let channel = self.connection.makeChannel(of: self, for: tunnel) else { return peer.abort() }
        peer.ownOutgoing = { tunnel.outgoing }
        let pipeline = channel.pipeline.syncOperations
        do {
            try pipeline.addHandler(tunnel)
            try pipeline.addHandler(peer)
            tunnel.passOn(try pipeline.context(handler: tunnel))
        } catch {
            peer.abort()
        }
    }

    /// The client has ended its side before a worker has decided.
    func leaveSocket() {
        guard let socket = self.socket.take() else { return }
        socket.clientLeft()
        for exchange in self.exchanges.removeAll() { self.core.endRequest(exchange.request.asked, cut: .left) }
        self.reset(.cancel)
    }
}
