import SeawayMessage

// MARK: The way of an answer: from a worker or a file, maybe through the compressor, to whoever holds the request
extension ServerCore {
    /// Passes on one message of an answer, by way of what compresses it.
    ///
    /// - Returns: whether the request was still under way.
    func deliver(_ answer: Result<Answer, AnswerFault>, to number: UInt64) -> Bool {
        if let compressed = self.compression.take(answer, number) { return compressed }
        return self.handOver(answer, to: number)
    }

    /// No more is taken of an answer, from a file or from a worker.
    func closeReplyChannel(_ number: UInt64) {
        guard !self.files.isAnswering(number) else { return self.files.end(number) }
        self.layer.close([self.replyChannel(number)])
    }

    /// The client is behind.
    func pause(_ number: UInt64) {
        if !self.files.isAnswering(number) { self.counters.pauses += 1 }
        if !self.compression.pause(number) { self.pauseSource(of: number) }
    }

    /// The client has caught up.
    func resume(_ number: UInt64) { if !self.compression.resume(number) { self.resumeSource(of: number) } }

    /// Lets no more of an answer come, from a file or from a worker.
    func pauseSource(of number: UInt64) {
        if !self.files.pause(number) { self.layer.pause(self.replyChannel(number)) }
    }

    func resumeSource(of number: UInt64) {
        if !self.files.resume(number) { self.layer.resume(self.replyChannel(number)) }
    }
}
