import Logging
import NIOCore
import SeawayMessage

// MARK: Answers for which nobody waits any more
extension ServerCore {
    typealias Exchange = Exchanges<AskedRequest, ByteBuffer>.Exchange

    /// Tells workers of a request for whose answer nobody waits any more, before it was complete (I17, I27).
    func abandon(_ exchange: Exchange, _ end: RequestEnd) {
        self.endRequest(exchange, cut: end)
        self.closeReplyChannel(exchange.number)
        self.tellAll(of: exchange, end)
        self.tellItsWorker(of: exchange, end)
        if end != .left { self.logCut(exchange, end) }
    }

    /// The same of an answer that was complete, while the client had yet to take it.
    func answerWasCut(_ exchange: Exchange, _ end: RequestEnd) {
        self.tellAll(of: exchange, end)
        self.logCut(exchange, end)
    }

    private func tellAll(of exchange: Exchange, _ end: RequestEnd) {
        guard let route = exchange.request.route, end.isForAll else { return }
        self.counters.count(end)
        let payload = self.message.disconnect(
            replyChannel: self.replyChannel(exchange.number), path: exchange.request.path, reason: end)
        self.layer.send(payload, to: route.disconnectChannel, ifHeard: true) { _ in }
    }

    /// Tells the worker that has the request, if it has named a channel for that (I27).
    func tellItsWorker(of exchange: Exchange, _ end: RequestEnd) {
        guard let channel = exchange.request.disconnectChannel else { return }
        self.tell(channel, self.replyChannel(exchange.number), path: exchange.request.path, end)
    }

    func tell(_ channel: String, _ replyChannel: String, path: String, _ end: RequestEnd) {
        self.counters.workersTold += 1
        let payload = self.message.disconnect(replyChannel: replyChannel, path: path, reason: end)
        self.layer.send(payload, to: channel, ifHeard: true) { _ in }
    }

    func logCut(_ exchange: Exchange, _ end: RequestEnd) {
        // Why it is malformed was said.
        guard end != .malformed else { return }
        let channel = exchange.request.route?.channel ?? ""
        self.warn("answer cut off", ["why": "\(end)", "channel": "\(channel)", "path": "\(exchange.request.path)"])
    }
}
