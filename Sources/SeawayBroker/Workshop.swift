package import NIOCore
import SeawayMessage
package import SeawayWire

/// Where large bodies are checked and translated, which takes longer than others are to wait (A6): off the loop, and
/// one at a time, in the order in which it was asked for.
package final class Workshop {
    /// Bodies from this size on, in bytes, are worked on here: below it the way there and back costs more. A block of
    /// 64 KiB, as programs read and write them, comes with what else a message has in one that is smaller.
    static let smallest = 73_728

    package enum Job: Sendable {
        case check([UInt8], BodyFormat)
        case translate([UInt8], BodyFormat, to: BodyFormat)

        /// Does it, on whatever thread.
        package func run() -> Outcome {
            switch self {
            case .check(let bytes, .json): .isWellFormed(BodyCheck.isJSONMap(bytes.span))
            case .check(let bytes, .messagePack): .isWellFormed(BodyCheck.isMessagePackMap(bytes.span))
            case .translate(let bytes, _, to: .json):
                .body(SharedBody.bytes(of: Translation.json(fromMessagePack: bytes.span).span))
            case .translate(let bytes, _, to: .messagePack):
                .body(SharedBody.bytes(of: Translation.messagePack(fromJSON: bytes.span).span))
            }
        }
    }

    package enum Outcome: Sendable {
        case isWellFormed(Bool)
        /// As readers get it.
        case body(ByteBuffer)
    }

    /// Runs a job elsewhere, and gives its outcome back on the loop.
    package var runElsewhere: (Job, @escaping (Outcome) -> Void) -> Void = { job, done in done(job.run()) }
    private var waiting = Line<(job: Job, done: (Outcome) -> Void)>()
    private var isBusy = false

    /// Whether somebody waits for something.
    var isIdle: Bool { !self.isBusy && self.waiting.count == 0 }

    func add(_ job: Job, _ done: @escaping (Outcome) -> Void) {
        self.waiting.append((job, done))
        self.next()
    }

    private func next() {
        guard !self.isBusy, let (job, done) = self.waiting.popFirst() else { return }
        self.isBusy = true
        self.runElsewhere(job) { outcome in
            self.isBusy = false
            done(outcome)
            self.next()
        }
    }
}
