import NIOHTTP1

/// Whether the process can do its work, and what is missing.
struct Readiness: Hashable, Sendable {
    let faults: [String]

    var answer: AdminAnswer {
        guard !self.faults.isEmpty else { return .text("ready") }
        return .text(self.faults.joined(separator: "\n"), .serviceUnavailable)
    }
}
