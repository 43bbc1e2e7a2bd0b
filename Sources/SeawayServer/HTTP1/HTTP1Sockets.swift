import NIOCore
import NIOHTTP1

// MARK: A connection that becomes a WebSocket
extension HTTP1Handler {
    func askForSocket(_ head: HTTPRequestHead, _ checked: RequestCheck.Head) {
        guard self.exchanges.isEmpty else { return self.waitingUpgrade = (head, checked) }
        // Without a way to close it there is no WebSocket (I30).
        guard !self.clientEnd.hasCome else { return self.end() }
        guard let session = self.beginSocket(head, checked) else { return }
        self.socket = session
        session.pump()
    }

    /// Goes on with a request that waited until all before it were answered.
    func upgradeIfWaiting() {
        guard self.exchanges.isEmpty, let (head, checked) = self.waitingUpgrade.take() else { return }
        self.askForSocket(head, checked)
    }

    /// Says 101 and hands the connection over.
    func becomeWebSocket(
        _ number: UInt64, _ acceptance: WebSocketAcceptance, _ answer: Answer, _ peer: WebSocketPeer
    ) {
        guard let index = self.exchanges.index(of: number), let context = self.context else { return peer.abort() }
        self.exchanges[index].request.asked.become(101, at: self.core.eventLoop.now)
        let requestID = self.exchanges[index].request.asked.requestID
        self.core.endRequest(self.exchanges[index].request.asked)
        _ = self.exchanges.endFirst()
        self.socket = nil
        self.memory.release()
        self.write(self.core.writer.upgrade(acceptance, answer, requestID: requestID))
        context.flush()
        let channel = context.channel
        channel.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        do { try channel.addWebSocketHandlers(peer) } catch { peer.abort() }
    }
}
