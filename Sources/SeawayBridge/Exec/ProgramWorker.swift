package import Logging
package import SeawayMessage
import Subprocess

/// Runs a program for each message: the message is its input, each line of its output an answer.
package struct ProgramWorker: Sendable {
    private let rule: ProgramRule
    private let elsewhere: Destination?
    private let pump: Pump
    private let logger: Logger

    /// - Parameter elsewhere: where the output goes; nil: to the reply channel of the message.
    package init(_ rule: ProgramRule, to elsewhere: Destination?, pump: Pump, logger: Logger) {
        self.rule = rule
        self.elsewhere = elsewhere
        self.pump = pump
        self.logger = logger
    }

    /// Returns when the program has ended and its output was taken over.
    package func consume(_ delivery: Delivery) async {
        let reply = ProgramReply(to: delivery.body, elsewhere: self.elsewhere)
        let run = ProgramRun(self.rule, delivery, reply, self.pump)
        let end = await run.run()
        guard !end.isSuccess else { return self.pump.tally.count { $0.handedOn += 1 } }
        self.pump.tally.drop(.failed, "\(self.rule.program): \(end)")
        self.logger.error(
            "a program failed",
            metadata: [
                "program": "\(self.rule.program)", "end": "\(end)", "channel": "\(delivery.channels.first ?? "")",
                "stderr": "\(run.errorText)",
            ])
        // To an answer that was begun this is a second status, which breaks it off (I12).
        if let failure = reply.failure, let destination = reply.destination {
            _ = await self.pump.put(failure, to: destination)
        }
    }
}
