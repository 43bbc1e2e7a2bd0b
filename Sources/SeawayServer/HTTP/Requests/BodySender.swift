import NIOCore
import SeawayMessage

/// Who receives a body from a client, whatever the version of HTTP.
protocol BodySource: AnyObject {
    /// Something was sent, or may be received again.
    ///
    /// - Parameter readerMoved: the reader has asked, or was given something.
    func bodyMoved(_ number: UInt64, readerMoved: Bool)

    /// The body cannot reach its reader any more.
    func bodyFailed(_ number: UInt64, _ error: ErrorAnswer)
}

/// Sends the body of one request to its reader, as ``BodyStream`` says.
final class BodySender {
    private(set) var stream: BodyStream
    private let number: UInt64
    private let channel: String
    private let core: ServerCore
    private weak var source: (any BodySource)?
    private var isPumping = false

    init(_ number: UInt64, core: ServerCore, source: any BodySource) {
        self.stream = BodyStream(pieceSize: core.configuration.bodyPiece)
        self.number = number
        self.channel = core.bodyChannel(number)
        self.core = core
        self.source = source
        core.counters.bodyStreams += 1
    }

    func came(_ piece: ByteBuffer) {
        self.stream.came(piece)
        self.pump()
    }

    func becameWhole() {
        self.stream.becameWhole()
        self.pump()
    }

    func ask(upTo offset: Int) {
        self.stream.ask(upTo: offset)
        self.pump()
        self.source?.bodyMoved(self.number, readerMoved: true)
    }

    /// The source is done with it.
    func breakOff() {
        self.source = nil
        guard !self.stream.isOver else { return }
        self.core.counters.bodiesBrokenOff += 1
        self.stream.breakOff()
        self.pump()
    }

    /// A layer may answer at once: the loop goes on, no second one begins.
    private func pump() {
        guard !self.isPumping else { return }
        self.isPumping = true
        while let piece = self.stream.next() { self.send(piece) }
        self.isPumping = false
    }

    private func send(_ piece: BodyStream.Piece) {
        let sender = OnLoop(self, self.core.eventLoop)
        self.core.layer.send(self.core.message.bodyPiece(piece), to: self.channel, ifHeard: true) { answer in
            sender.run { $0.settled(answer) }
        }
    }

    private func settled(_ answer: SendAnswer) {
        switch answer {
        case .done: self.settled(BodyStream.Outcome.taken)
        case .refused(let refusal) where refusal.isFull || refusal.isAway: self.settled(BodyStream.Outcome.notNow)
        case .refused(let refusal) where refusal.isGone: self.settled(BodyStream.Outcome.unwanted)
        case .refused(let refusal) where refusal.isUnreachable || refusal.code == "closing": self.fail(.unreachable)
        case .refused: self.fail(.refused)
        // The piece may have come: nothing can follow it.
        case .unknown: self.fail(.unknownOutcome)
        }
    }

    private func settled(_ outcome: BodyStream.Outcome) {
        if let pause = self.stream.settled(outcome) {
            self.core.counters.bodyWaits += 1
            let sender = OnLoop(self, self.core.eventLoop)
            self.core.eventLoop.scheduleTask(in: .nanoseconds(pause.wholeMilliseconds * 1_000_000)) {
                sender.run { $0.tryAgain() }
            }
            return
        }
        self.pump()
        self.source?.bodyMoved(self.number, readerMoved: true)
    }

    private func tryAgain() {
        guard let piece = self.stream.tryAgain() else { return }
        self.send(piece)
    }

    private func fail(_ error: ErrorAnswer) {
        _ = self.stream.settled(.unwanted)
        self.source?.bodyFailed(self.number, error)
    }
}

@available(*, unavailable)
extension BodySender: Sendable {}
