import Logging
import SeawayMessage

// MARK: Answers for which nobody waits any more
extension ServerCore {
    /// Tells workers of a request for whose answer nobody waits any more, before it was complete (I17, I27).
    func abandon(_ asked: AskedRequest, _ end: RequestEnd) {
        let isFile = asked.isOwn || self.files.isAnswering(asked.number)
        self.endRequest(asked, cut: end)
        guard !isFile else { return self.fileWasCut(asked, end) }
        self.closeReplyChannel(asked.number)
        self.tellAll(of: asked, end)
        self.tellItsWorker(of: asked, end)
        if end != .left { self.logCut(asked, end) }
    }

    /// The same of an answer that was complete, while the client had yet to take it.
    func answerWasCut(_ asked: AskedRequest, _ end: RequestEnd) {
        guard !asked.isOwn else { return self.fileWasCut(asked, end) }
        self.tellAll(of: asked, end)
        self.logCut(asked, end)
    }

    /// No worker is to hear of it.
    private func fileWasCut(_ asked: AskedRequest, _ end: RequestEnd) {
        self.counters.files.cut += 1
        if end != .left { self.warn("file cut off", ["why": "\(end)", "path": "\(asked.path)"]) }
    }

    func tellAll(of asked: AskedRequest, _ end: RequestEnd) {
        guard let route = asked.route, end.isForAll, !asked.isOwn, !self.files.isAnswering(asked.number) else { return }
        self.counters.count(end)
        let payload = self.message.disconnect(
            replyChannel: self.replyChannel(asked.number), path: asked.path, reason: end)
        self.layer.send(payload, to: route.disconnectChannel, ifHeard: true) { _ in }
    }

    /// Tells the worker that has the request, if it has named a channel for that (I27).
    func tellItsWorker(of asked: AskedRequest, _ end: RequestEnd) {
        guard let channel = asked.disconnectChannel else { return }
        self.tell(channel, self.replyChannel(asked.number), path: asked.path, end)
    }

    func tell(_ channel: String, _ replyChannel: String, path: String, _ end: RequestEnd) {
        self.counters.workersTold += 1
        let payload = self.message.disconnect(replyChannel: replyChannel, path: path, reason: end)
        self.layer.send(payload, to: channel, ifHeard: true) { _ in }
    }

    func logCut(_ asked: AskedRequest, _ end: RequestEnd) {
        // Why it is malformed was said.
        guard end != .malformed else { return }
        let channel = asked.route?.channel ?? ""
        self.warn(
            "answer cut off", asked.named(["why": "\(end)", "channel": "\(channel)", "path": "\(asked.path)"]))
    }
}

extension AskedRequest {
    /// What a line of the log says, with the name of the request that it is about.
    func named(_ metadata: Logger.Metadata) -> Logger.Metadata {
        guard let requestID = self.requestID else { return metadata }
        return metadata.merging(["request_id": "\(requestID)"]) { $1 }
    }
}

extension ErrorAnswer {
    /// What a worker hears of a request that may have reached it.
    var end: RequestEnd? {
        switch self {
        case .timeout: .timeout
        case .malformedAnswer: .malformed
        case .unknownOutcome, .workerLost, .workerGaveUp: .lost
        case .slowRequest, .bodyTooLarge, .syntax, .incomplete, .chunkOverhead, .headTooLarge, .noRoomForBody: .left
        default: nil
        }
    }
}
