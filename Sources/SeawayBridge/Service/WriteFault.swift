/// Why a service has not taken a message.
enum WriteFault: Error, Hashable, Sendable {
    /// It has not got it, or refuses it for now: the same is to be written again.
    case passing(String)
    /// It has refused it, and would again.
    case final(String)
    /// The connection broke, or the time was over, before the answer: written or not. Not written again: at most once.
    case unknown(String)
}

/// What became of a message.
enum WriteOutcome: Hashable, Sendable {
    case handedOn
    case dropped(BridgeDrop, String)
}

extension BridgeTally {
    func count(_ outcome: WriteOutcome) {
        switch outcome {
        case .handedOn: self.count { $0.handedOn += 1 }
        case .dropped(let reason, let detail): self.drop(reason, detail)
        }
    }
}
