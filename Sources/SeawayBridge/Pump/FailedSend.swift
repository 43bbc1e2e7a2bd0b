package import SeawayMessage

/// Why a send came to nothing.
package struct FailedSend: Error, Hashable, Sendable {
    package let reason: BridgeDrop
    package let detail: String
    /// Nothing was stored, and the same may be taken later.
    package let isPassing: Bool

    init(_ refusal: Refusal) {
        self.detail = refusal.description
        switch refusal.code {
        case "full", "limit": (self.reason, self.isPassing) = (.full, true)
        case "unreachable", "closing": (self.reason, self.isPassing) = (.unreachable, true)
        case "gone": (self.reason, self.isPassing) = (.gone, false)
        case "payload": (self.reason, self.isPassing) = (.payload, false)
        case "size": (self.reason, self.isPassing) = (.size, false)
        case "name": (self.reason, self.isPassing) = (.name, false)
        default: (self.reason, self.isPassing) = (.refused, false)
        }
    }

    private init(reason: BridgeDrop, detail: String) {
        self.reason = reason
        self.detail = detail
        self.isPassing = false
    }

    static let unknown = FailedSend(reason: .unknown, detail: "the connection broke before the answer")
    static let unanswered = FailedSend(
        reason: .unknown, detail: "the broker had not answered when the bridge had to end")
}

/// What became of one send.
package enum DestinationAnswer: Hashable, Sendable {
    /// Stored; with counts if it was a group.
    case sent(GroupCounts?)
    case failed(FailedSend)
}

extension ChannelLayer {
    /// Sends to a channel or a group.
    ///
    /// - Parameter answer: called once, on the layer's thread.
    package func send(
        _ payload: Payload, to destination: Destination, answer: @escaping @Sendable (DestinationAnswer) -> Void
    ) {
        switch destination {
        case .channel(let name):
            self.send(payload, to: name, ifHeard: false) { sent in
                switch sent {
                case .done: answer(.sent(nil))
                case .refused(let refusal): answer(.failed(FailedSend(refusal)))
                case .unknown: answer(.failed(.unknown))
                }
            }
        case .group(let name):
            self.send(payload, toGroup: name, except: nil) { sent in
                switch sent {
                case .sent(let sent, let full, let gone):
                    answer(.sent(GroupCounts(sent: sent, full: full, gone: gone)))
                case .refused(let refusal): answer(.failed(FailedSend(refusal)))
                case .unknown: answer(.failed(.unknown))
                }
            }
        }
    }
}

extension BridgeTally {
    /// Counts what was stored.
    func countSent(_ group: GroupCounts?) {
        self.count { counts in
            counts.sent += 1
            counts.members += group?.sent ?? 0
            counts.membersFull += group?.full ?? 0
            counts.membersGone += group?.gone ?? 0
        }
    }
}
