package import Logging
package import SeawayMessage

/// Runs a program for each message: the message is its input, each line of its output an answer.
package struct ProgramWorker: Sendable {
    private let rule: ProgramRule
    private let elsewhere: Destination?
    private let pump: Pump
    private let logger: Logger
    private let running: RunningPrograms

    /// - Parameter elsewhere: where the output goes; nil: to the reply channel of the message.
    package init(
        _ rule: ProgramRule, to elsewhere: Destination?, pump: Pump, running: RunningPrograms, logger: Logger
    ) {
        self.rule = rule
        self.elsewhere = elsewhere
        self.pump = pump
        self.running = running
        self.logger = logger
    }

    /// Returns when the program has ended and its output was taken over.
    package func consume(_ delivery: Delivery) async {
        let reply = ProgramReply(to: delivery.body, elsewhere: self.elsewhere)
        let run = ProgramRun(self.rule, delivery, reply, self.pump, self.running)
        let verdict = run.verdict(await run.run())
        if verdict.hasFailed {
            self.pump.tally.drop(.failed, "\(self.rule.program): \(verdict.fault ?? "")")
        } else {
            self.pump.tally.count { $0.handedOn += 1 }
        }
        if let fault = verdict.fault {
            let words: Logger.Message = verdict.hasFailed ? "a program failed" : "a program wrote what is of no use"
            self.logger.log(
                level: verdict.hasFailed ? .error : .warning, words,
                metadata: self.metadata(delivery, fault, run.errorText))
        }
        if let failure = verdict.failure, let destination = reply.destination {
            _ = await self.pump.put(failure, to: destination)
        }
        if let done = EventDone(of: delivery.body) {
            // Behind the answers, so that the next event is not dealt with before they are there.
            _ = await self.pump.put(done.payload, to: done.destination, behind: reply.destination)
        }
    }

    private func metadata(_ delivery: Delivery, _ fault: String, _ errorText: String) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "program": "\(self.rule.program)", "end": "\(fault)", "channel": "\(delivery.channels.first ?? "")",
            "stderr": "\(errorText)",
        ]
        for name in ["type", "method", "path"] {
            guard let text = delivery.body[name]?.string else { continue }
            metadata[name] = "\(text.prefix(Self.longestField))"
        }
        return metadata
    }

    /// Characters of what a browser has sent that are logged.
    private static let longestField = 200
}
