import NIOCore
import SeawayHub
import SeawayNIO
import SeawayWire

/// Copies of what passes, for those who look on (Y1 to Y3).
extension BrokerCore {
    /// Shows the message that has just come to those who tail its channels.
    func pushCopies(_ body: Span<UInt8>, _ format: BodyFormat, group: Name?) {
        let all = self.hub.takeCopies()
        // For all readers of a format at once.
        for wanted in BodyFormat.allCases where all.contains(where: { self.endpoint($0.peer)?.format == wanted }) {
            Self.translated(body, format, to: wanted) { body in
                for copies in all {
                    guard let endpoint = self.endpoint(copies.peer), endpoint.format == wanted else { continue }
                    self.hub.work += body.count * Work.byte / 4
                    for names in copies.lines(group: group) {
                        endpoint.pushCopy(group: group, body: body, names: names)
                    }
                }
            }
        }
    }
}

extension Connection {
    func pushCopy(group: Name?, body: Span<UInt8>, names: ArraySlice<Name>) {
        guard !self.isOverfull else {
            self.missed += names.count
            self.core.counters.missed += names.count
            return
        }
        self.tellMissed()
        self.core.counters.copied += names.count
        self.gather { output in
            output.writeMessage("COPY", group: group, body: body) { write in
                for name in names { write(name.bytes.span) }
            }
        }
    }

    /// There is room again: tells how many copies are missing (Y3).
    func tellMissed() {
        guard self.missed > 0 else { return }
        let missed = self.missed
        // First, since what is written now may at once be too much again.
        self.missed = 0
        self.gather { $0.writeString("MISSED \(missed)\n") }
    }
}
