import NIOCore

/// The compressors that sockets share: for messages to many, and for sockets whose messages begin anew each time.
package final class CompressionPool {
    package let configuration: DeflateConfiguration
    private var deflaters: [Int: Deflater] = [:]
    private var inflaters: [Int: [Inflater]] = [:]
    private var usedAt: Moment
    private var now: Moment

    private static let maxIdleInflaters = 4

    package init(_ configuration: DeflateConfiguration, now: Moment) {
        self.configuration = configuration
        self.usedAt = now
        self.now = now
    }

    /// Adds a message in compressed form, without reference to another.
    ///
    /// - Returns: whether there was memory for it.
    func deflate(_ message: UnsafeRawBufferPointer, windowBits: Int, to output: inout ByteBuffer) -> Bool {
        self.usedAt = self.now
        guard let deflater = self.deflaters[windowBits] ?? Deflater(windowBits: windowBits, self.configuration)
        else { return false }
        self.deflaters[windowBits] = deflater
        deflater.deflate(message, to: &output)
        deflater.reset()
        return true
    }

    /// One that refers to nothing.
    func takeInflater(windowBits: Int) -> Inflater? {
        self.usedAt = self.now
        return self.inflaters[windowBits]?.popLast() ?? Inflater(windowBits: windowBits)
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
