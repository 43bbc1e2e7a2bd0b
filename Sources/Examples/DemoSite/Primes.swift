import SeawayMessage
import SeawayWorker

/// Heavy work: counts primes, tells the group how far it is, and answers the request that another worker took and
/// handed on, whose reply channel the message has.
enum Primes {
    private static let steps = 20

    static func work(_ message: IncomingMessage) async throws {
        guard let limit = message["limit"]?.int.flatMap({ Int(exactly: $0) }) else { return }
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0
        for step in 0..<self.steps {
            // The browser that asked has left.
            try Task.checkCancellation()
            count += self.count(from: step * limit / self.steps, below: (step + 1) * limit / self.steps)
            let percent = (step + 1) * 100 / self.steps
            try await LiveBlog.tell(
                message.layer, ["job": message["job"] ?? .null, "percent": .int(Int64(percent))])
        }
        let tenths = (clock.now - start) / .milliseconds(100)
        let seconds = "\(Int(tenths) / 10).\(Int(tenths) % 10)"
        try await message.reply([
            "status": 200, "headers": [["content-type", "text/plain; charset=utf-8"]],
            "content": .bytes(Array("\(count) primes below \(limit), counted in \(seconds) s\n".utf8)),
        ])
    }

    /// By trial: slowly, as it is meant to be.
    private static func count(from low: Int, below high: Int) -> Int {
        (low..<high).count { number in
            guard number >= 2 else { return false }
            var divisor = 2
            while divisor * divisor <= number {
                if number % divisor == 0 { return false }
                divisor += 1
            }
            return true
        }
    }
}
