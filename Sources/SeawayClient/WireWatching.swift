import Logging
import SeawayMessage
import SeawayWire

/// Watches over the wire, which are made again with each connection.
extension WireCore {
    func watch(_ group: String, _ channel: String, _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask(.line(ClientLine("WATCH", [group, channel])), .watch(group, channel, answer))
    }

    func unwatch(_ group: String, _ channel: String, _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        // At once, so that a connection that is made meanwhile does not bring it back.
        self.watches.end(group, channel)
        self.ask(.line(ClientLine("UNWATCH", [group, channel])), .unwatch(group, channel, answer))
    }

    func watchAgain() {
        for line in self.watches.lines {
            let logger = self.logger
            self.write(
                .line(line),
                .watch(line.names[0], line.names[1]) { answer in
                    guard case .refused(let refusal) = answer else { return }
                    logger.warning("cannot watch again", metadata: ["watch": "\(line.names)", "reason": "\(refusal)"])
                })
        }
    }
}
