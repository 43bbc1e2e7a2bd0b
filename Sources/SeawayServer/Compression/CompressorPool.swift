/// The compressors of answers, so many at once and no more.
package final class CompressorPool {
    private let configuration: CompressionConfiguration
    private var idle: [Deflater] = []
    package private(set) var inUse = 0
    private var usedAt: Moment
    private var now: Moment

    private static let maxIdle = 8
    private static let idleTime = Duration.seconds(30)

    package init(_ configuration: CompressionConfiguration, now: Moment) {
        self.configuration = configuration
        self.usedAt = now
        self.now = now
    }

    /// One that refers to nothing; it is given back.
    ///
    /// - Returns: `nil` when all are in use, or without memory for another.
    package func take() -> Deflater? {
        self.usedAt = self.now
        guard self.inUse < self.configuration.maxCompressors,
            let deflater = self.idle.popLast() ?? Deflater(.gzip, level: self.configuration.level, memoryLevel: 8)
        else { return nil }
        self.inUse += 1
        return deflater
    }

    package func giveBack(_ deflater: Deflater) {
        self.inUse -= 1
        guard self.idle.count < Self.maxIdle else { return }
        deflater.reset()
        self.idle.append(deflater)
    }

    /// Frees what nobody has used for a while.
    package func sweep(at now: Moment) {
        self.now = now
        if !self.idle.isEmpty, self.usedAt + Self.idleTime <= now { self.idle = [] }
    }
}

@available(*, unavailable)
extension CompressorPool: Sendable {}
