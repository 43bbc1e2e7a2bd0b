import NIOCore
import NIOHTTP2

// MARK: What workers answer
extension HTTP2Stream: AnswerDispatch {
    func begin(_ answer: Answer, at index: Int, isWhole: Bool) {
        let request = self.exchanges[index].request
        let hasContent = request.framing.hasContent && answer.piece.size > 0
        let head = self.connection.writer.head(
            answer, status: request.asked.status, framing: request.framing, requestID: request.asked.requestID)
        self.note(answer, at: index, isLast: isWhole, hasContent: hasContent)
        self.write(head, isLast: isWhole && !hasContent)
        if hasContent { self.write(answer.content, isLast: isWhole) }
        self.pauseIfNeeded(isWritable: self.isWritable)
    }

    func goOn(_ answer: Answer, at index: Int, isLast: Bool) {
        let hasContent = answer.piece.size > 0 || isLast
        self.note(answer, at: index, isLast: isLast, hasContent: hasContent)
        if hasContent { self.write(answer.content, isLast: isLast) }
        self.pauseIfNeeded(isWritable: self.isWritable)
    }

    /// To be called before the part is written: the stream may end with that.
    private func note(_ answer: Answer, at index: Int, isLast: Bool, hasContent: Bool) {
        if hasContent { self.exchanges[index].request.asked.sent += answer.piece.size }
        if isLast {
            self.core.countWhole(self.exchanges[index].request.asked)
            self.finish()
        } else {
            self.exchanges[index].deadline = self.deadline(of: self.exchanges[index].number)
        }
    }

    /// The answer is whole, whatever of it is on its way.
    private func finish() {
        guard let exchange = self.exchanges.first else { return }
        self.socket = nil
        self.stopTaking()
        self.endBody(exchange.number)
        self.core.endRequest(exchange.request.asked)
        self.answered = exchange.request.asked
        _ = self.exchanges.endFirst()
    }

    func answer(_ error: ErrorAnswer, at index: Int) {
        self.exchanges[index].request.asked.begin(error, at: self.core.eventLoop.now)
        let isHead = self.exchanges[index].request.asked.isHead
        let requestID = self.exchanges[index].request.asked.requestID
        self.finish()
        self.write(self.connection.writer.head(error, requestID: requestID), isLast: isHead)
        if !isHead { self.write(Array("\(error.text)\n".utf8)[...], isLast: true) }
    }

    func cutOff(_ request: HeldRequest) { self.reset(.internalError) }
}
