/// The compressors of answers, so many at once and no more.
package final class CompressorPool {
    private let configuration: CompressionConfiguration
    private var idle: [Deflater] = []
    package private(set) var inUse = 0
    private var usedAt: Moment
    private var now: Moment

    private let memory: MemoryAccount?

    private static let maxIdle = 8
    private static let memoryLevel = 8
    private static let idleTime = Duration.seconds(30)

    /// - Parameter memory: where what is taken counts.
    package init(_ configuration: CompressionConfiguration, now: Moment, memory: MemoryAccount? = nil) {
        self.configuration = configuration
        self.memory = memory
        self.usedAt = now
        self.now = now
    }

    /// One that refers to nothing; it is given back.
    ///
    /// - Returns: `nil` when all are in use, or without memory for another.
    package func take() -> Deflater? {
        self.usedAt = self.now
        guard self.inUse < self.configuration.maxCompressors,
            let deflater = self.idle.popLast() ?? self.make()
        else { return nil }
        self.inUse += 1
        return deflater
    }

    private func make() -> Deflater? {
        let bytes = Deflater.bytes(windowBits: 15, memoryLevel: Self.memoryLevel)
        guard self.memory.map({ $0.left >= bytes }) ?? true,
            let deflater = Deflater(.gzip, level: self.configuration.level, memoryLevel: Self.memoryLevel)
        else { return nil }
        deflater.lease = self.memory.map { MemoryLease($0, .compression, bytes: bytes) }
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
