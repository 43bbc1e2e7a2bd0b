package import SeawayMessage
import SeawayWire

/// For commands: what a broker is told of messages that others hold, and what they take of a channel.
extension WireLayer {
    /// Acknowledges messages that whoever holds (D10); an ID that stands for nothing there is passed over.
    ///
    /// - Parameter ids: each 1 to 64 bytes of nchar.
    package func acknowledge(_ ids: [String], of channel: String) async throws(ClientError) {
        var lines: [ClientLine] = []
        for id in ids {
            if let last = lines.last, last.length + 1 + id.utf8.count <= WireLimits().maxLine {
                lines[lines.count - 1].names.append(id)
            } else {
                lines.append(ClientLine("ACK", [channel, id]))
            }
        }
        for line in lines {
            let answer = await withCheckedContinuation { continuation in
                self.ask(line) { continuation.resume(returning: $0) }
            }
            try answer.get(for: channel)
        }
    }

    /// Returns when all has come that is on its way, by what was called before (R5).
    package func settle() async throws(ClientError) {
        // Credit leaves at the end of a turn, behind the first.
        for _ in 0..<2 {
            let answer = await withCheckedContinuation { continuation in
                self.ping { continuation.resume(returning: $0) }
            }
            try answer.get(for: "ping")
        }
    }
}
