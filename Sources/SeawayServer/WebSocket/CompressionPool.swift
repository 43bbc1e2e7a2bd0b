import NIOCore

/// The compressors that sockets share: for messages to many, and for sockets whose messages begin anew each time.
package final class CompressionPool {
    package let configuration: DeflateConfiguration
    private var deflaters: [Int: Deflater] = [:]
    private var inflaters: [Int: [Inflater]] = [:]
    private var usedAt: Moment
    private var now: Moment

    private static let maxIdleInflaters = 4
    private let memory: MemoryAccount?

    /// - Parameter memory: where what is taken counts.
    package init(_ configuration: DeflateConfiguration, now: Moment, memory: MemoryAccount? = nil) {
        self.configuration = configuration
        self.memory = memory
        self.usedAt = now
        self.now = now
    }

    /// Adds a message in compressed form, without reference to another.
    ///
    /// - Returns: whether there was memory for it.
    func deflate(_ message: UnsafeRawBufferPointer, windowBits: Int, to output: inout ByteBuffer) -> Bool {
        self.usedAt = self.now
        guard let deflater = self.deflaters[windowBits] ?? self.makeDeflater(windowBits: windowBits) else {
            return false
        }
        self.deflaters[windowBits] = deflater
        deflater.deflate(message, to: &output)
        deflater.reset()
        return true
    }

    /// A compressor of a socket's own, or one that sockets share.
    ///
    /// - Returns: `nil` without memory for it.
    func makeDeflater(windowBits: Int) -> Deflater? {
        let bytes = Deflater.bytes(windowBits: windowBits, memoryLevel: self.configuration.memoryLevel)
        guard self.mayTake(bytes), let deflater = Deflater(windowBits: windowBits, self.configuration) else {
            return nil
        }
        deflater.lease = self.memory.map { MemoryLease($0, .compression, bytes: bytes) }
        return deflater
    }

    private func makeInflater(windowBits: Int) -> Inflater? {
        let bytes = Inflater.bytes(windowBits: windowBits)
        guard self.mayTake(bytes), let inflater = Inflater(windowBits: windowBits) else { return nil }
        inflater.lease = self.memory.map { MemoryLease($0, .compression, bytes: bytes) }
        return inflater
    }

    private func mayTake(_ bytes: Int) -> Bool { self.memory.map { $0.left >= bytes } ?? true }

    /// One that refers to nothing.
    func takeInflater(windowBits: Int) -> Inflater? {
        self.usedAt = self.now
        return self.inflaters[windowBits]?.popLast() ?? self.makeInflater(windowBits: windowBits)
    }

    func giveBack(_ inflater: Inflater) {
        guard self.inflaters[inflater.windowBits, default: []].count < Self.maxIdleInflaters else { return }
        inflater.reset()
        self.inflaters[inflater.windowBits, default: []].append(inflater)
    }

    /// Frees what nobody has used for a while.
    func sweep(at now: Moment) {
        self.now = now
        guard self.usedAt + self.configuration.idleTimeout <= now else { return }
        self.deflaters = [:]
        self.inflaters = [:]
    }
}

@available(*, unavailable)
extension CompressionPool: Sendable {}
