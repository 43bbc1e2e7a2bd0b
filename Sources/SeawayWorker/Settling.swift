import Logging
import SeawayMessage

/// What becomes of a message that is to be acknowledged, its consumer over: done, again, or never (D10, D11).
extension WorkerRun {
    /// It is done, unless that was said.
    func conclude(_ message: IncomingMessage) {
        if let held = message.held { self.conclude(held) }
    }

    func conclude(_ held: HeldMessage) {
        guard !held.isOver else { return }
        self.say(.done, of: held, whatFails: "a message was done and could not be acknowledged")
    }

    /// No route fits: a worker that has one may get it.
    func giveBackUnbegun(_ message: IncomingMessage) {
        guard let held = message.held else { return }
        self.say(.again(after: nil), of: held, whatFails: Self.notGivenBack)
    }

    /// Gives back, or up, what a consumer has failed with.
    ///
    /// - Returns: whether others do it, so that whoever waits for an answer still waits.
    func giveBack(_ message: IncomingMessage, _ error: any Error) -> Bool {
        guard let held = message.held, !held.isOver, !message.isGone else { return false }
        if let dead = error as? Dead {
            self.say(.dead(dead.reason), of: held, whatFails: "a message could not be given up")
            return false
        }
        let retry = error as? Retry
        if message.isAnswered {
            // Whoever waits is told of any other failure at once.
            guard retry != nil, message.exchange?.current.mayBeGivenBack ?? true else { return false }
        }
        // That of a worker which has no time left is nobody's fault.
        let isCutOff = error is CancellationError && Task.isCancelled
        if retry == nil, !isCutOff {
            var metadata = message.metadata
            metadata["error"] = "\(error)"
            metadata["times"] = "\(held.times)"
            self.logger.error("a handler has failed: its message is given back", metadata: metadata)
        }
        self.say(.again(after: isCutOff ? .zero : retry?.after), of: held, whatFails: Self.notGivenBack)
        return true
    }

    private static let notGivenBack = "a message was not given back: it is delivered again when its time is over"

    private func say(_ verdict: HeldMessage.Verdict, of held: HeldMessage, whatFails: String) {
        let logger = self.logger
        held.say(verdict) { answer in
            guard case .refused(let refusal) = answer else { return }
            // A connection that was lost has said so itself, and what was held by it is delivered again.
            let level: Logger.Level = refusal.code == "late" || refusal.isUnreachable ? .debug : .warning
            logger.log(
                level: level, "\(whatFails)", metadata: ["channel": "\(held.channel)", "reason": "\(refusal)"])
        }
    }
}

extension IncomingMessage {
    /// Whether somebody waits for an answer whom the worker tells of a failure: the client of a request, or a browser.
    fileprivate var isAnswered: Bool {
        self.exchange?.current.kind == .request || self.isOfHTTP || self.isOfWebSocket
    }

    /// What has the message acknowledged together with something that is sent.
    var acknowledgingTerms: MessageTerms? { self.held.flatMap(MessageTerms.init(acknowledgingOpen:)) }
}

extension MessageTerms {
    /// - Returns: `nil` for what is over.
    init?(acknowledgingOpen held: HeldMessage) {
        guard !held.isOver else { return nil }
        self.init(acknowledging: held)
    }
}
