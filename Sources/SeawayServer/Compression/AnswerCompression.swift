import NIOHTTP1

/// Compresses answers between whoever makes them, a worker or a file, and whoever holds the request, whatever the
/// version of HTTP.
///
/// Lives on the server's event loop.
final class AnswerCompression {
    /// It owns this.
    unowned let core: ServerCore
    let configuration: CompressionConfiguration
    let rule: CompressionRule
    private let pool: CompressorPool
    private var answers: [UInt64: CompressedAnswer] = [:]

    /// - Parameter core: outlives this.
    init(core: ServerCore) {
        self.core = core
        self.configuration = core.configuration.compression
        self.rule = CompressionRule(self.configuration)
        self.pool = CompressorPool(self.configuration, now: core.now, memory: core.memory)
    }

    /// A request is about to be answered.
    func begin(_ number: UInt64, _ head: HTTPRequestHead, _ checked: RequestCheck.Head) {
        let request = CompressionRule.Request(
            isHead: checked.isHead, isHTTP10: checked.isHTTP10,
            accepted: AcceptedCodings(head.headers["accept-encoding"]))
        self.answers[number] = CompressedAnswer(number, request, self)
    }

    /// - Returns: whether its request was still under way; `nil` when it is not to be compressed.
    func take(_ answer: Result<Answer, AnswerFault>, _ number: UInt64) -> Bool? {
        self.answers.isEmpty ? nil : self.answers[number]?.receive(answer)
    }

    /// - Returns: whether it is known here.
    func pause(_ number: UInt64) -> Bool {
        guard let answer = self.answers[number] else { return false }
        answer.pause()
        return true
    }

    /// - Returns: whether it is known here.
    func resume(_ number: UInt64) -> Bool {
        guard let answer = self.answers[number] else { return false }
        answer.resume()
        return true
    }

    func end(_ number: UInt64) {
        guard !self.answers.isEmpty else { return }
        self.answers.removeValue(forKey: number)?.end()
    }

    func sweep(at now: Moment) { if self.configuration.isEnabled { self.pool.sweep(at: now) } }

    // MARK: Compressors

    func takeCompressor() -> Deflater? {
        guard let deflater = self.pool.take() else {
            self.core.counters.compression.noCompressor += 1
            return nil
        }
        self.core.counters.compression.inUse = self.pool.inUse
        return deflater
    }

    func giveBack(_ deflater: Deflater) {
        self.pool.giveBack(deflater)
        self.core.counters.compression.inUse = self.pool.inUse
    }
}

@available(*, unavailable)
extension AnswerCompression: Sendable {}
