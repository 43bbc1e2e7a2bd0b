import Logging
import NIOCore
import NIOHTTP1
import SeawayMessage

// MARK: Requests on their way to workers, and what brokers tell of them
extension ServerCore {
    /// Puts a request on its channel. The layer may refuse it before this returns.
    func sendToWorkers(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ body: ByteBuffer?, from addresses: ConnectionAddresses,
        number: UInt64, route: RequestRoute, marks: RequestMarks, bodyChannel: String?
    ) {
        // Without the mailbox no answer could come.
        guard self.inbox.isOpen else {
            self.underWay[number]?.fail(number, .refused)
            return
        }
        let replyChannel = self.replyChannel(number)
        let payload = self.message.request(
            head, checked, body: body, replyChannel: replyChannel, bodyChannel: bodyChannel, addresses: addresses,
            marks: marks)
        self.counters.requests += 1
        if bodyChannel == nil, self.configuration.retry.contains(head.method.rawValue) {
            self.keep(payload, for: route.channel, of: number)
        }
        self.ask(payload, number, on: route.channel, replyChannel, times: 0)
    }

    /// - Parameter times: how often it was given to a worker before.
    private func ask(_ payload: Payload, _ number: UInt64, on channel: String, _ replyChannel: String, times: Int) {
        self.unsettled += 1
        let core = self.bound
        let patience = Int(self.configuration.noWorkerPatience.wholeMilliseconds)
        let report = ReportTerms(to: replyChannel, patience: patience, times: times)
        self.layer.sendReported(payload, to: channel, ifHeard: patience == 0, stream: nil, report: report) {
            answer, carrier in
            core.run { core in
                core.settled()
                guard answer == .done else { return core.requestWasNotTaken(number, answer, channel: channel) }
                core.tracing?.wasTaken(number, at: core.eventLoop.now)
                // The answer may have been faster.
                core.underWay.carried(number, by: carrier)
            }
        }
    }

    private func settled() {
        self.unsettled -= 1
        if self.unsettled < self.configuration.maxUnsettled { self.input.goOn() }
    }

    private func requestWasNotTaken(_ number: UInt64, _ answer: SendAnswer, channel: String) {
        guard let holder = self.underWay[number] else { return }
        switch answer {
        case .done: break
        case .refused(let refusal) where refusal.isFull: holder.fail(number, .full)
        case .refused(let refusal) where refusal.isAway: holder.fail(number, .noWorker)
        case .refused(let refusal) where refusal.isUnreachable || refusal.code == "closing":
            holder.fail(number, .unreachable)
        case .refused(let refusal):
            self.warn("request refused", ["channel": "\(channel)", "why": "\(refusal)"])
            holder.fail(number, .refused)
        case .unknown:
            // A worker may have it all the same.
            self.closeReplyChannel(number)
            holder.fail(number, .unknownOutcome)
        }
    }

    // MARK: Once more

    private func keep(_ payload: Payload, for channel: String, of number: UInt64) {
        guard !self.memory.isFull, self.underWay.keep(payload, for: channel, of: number) else {
            self.counters.notKept += 1
            return
        }
        self.memory.change(.bodies, by: payload.count)
    }

    /// A request is over: nothing of it is sent once more.
    func forget(_ number: UInt64) {
        let size = self.underWay.end(number)
        if size > 0 { self.memory.change(.bodies, by: -size) }
    }

    /// A broker says that a request will not be done by whom it has given it to, or by nobody (I70 to I72).
    func take(_ report: BrokerReport, of number: UInt64) {
        guard let holder = self.underWay[number] else {
            self.counters.lateAnswers += 1
            return
        }
        switch report.why {
        case .lost:
            if holder.isUnanswered(number), self.askAgain(number) { return }
            self.warn("a worker was lost with a request", ["channel": "\(report.channel)"])
            self.closeReplyChannel(number)
            holder.fail(number, .workerLost)
        case .nak, .tries:
            self.warn(
                "a worker gave a request up", ["channel": "\(report.channel)", "why": "\(report.text ?? "")"])
            self.closeReplyChannel(number)
            holder.fail(number, .workerGaveUp)
        case .away, .expired, .flushed, .dead, .other:
            self.warn("no worker has taken a request", ["channel": "\(report.channel)", "why": "\(report.why)"])
            holder.fail(number, .noWorker)
        }
    }

    /// - Returns: whether another worker is asked.
    private func askAgain(_ number: UInt64) -> Bool {
        // Where it went the server knows: what a report says of that could be a worker's word.
        guard let (payload, channel) = self.underWay.takeKept(of: number) else { return false }
        self.memory.change(.bodies, by: -payload.count)
        self.counters.askedAgain += 1
        self.warn("a worker was lost with a request, which another gets", ["channel": "\(channel)"])
        self.ask(payload, number, on: channel, self.replyChannel(number), times: 1)
        return true
    }
}
