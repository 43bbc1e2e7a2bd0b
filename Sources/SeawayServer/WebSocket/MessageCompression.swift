package import NIOCore

/// Gives messages the form in which one client gets them; takes memory for a compressor only when it must.
package struct MessageCompression {
    private let windowBits: Int
    private let keepsContext: Bool
    private let pool: CompressionPool
    private var deflater: Deflater?
    /// The client's window holds a message that this compressor has not seen.
    private var mustForget = false
    private var usedAt: Moment

    package init(_ parameters: DeflateParameters, pool: CompressionPool, now: Moment) {
        self.windowBits = parameters.serverMaxWindowBits
        self.keepsContext = !parameters.serverNoContextTakeover
        self.pool = pool
        self.usedAt = now
    }

    /// - Parameter now: of the use, after which the compressor is kept for a while.
    package mutating func frame(of message: PreparedMessage, at now: Moment) -> ByteBuffer {
        guard message.isCompressible(self.pool.configuration) else { return message.frame }
        guard self.keepsContext, !message.isShared else {
            self.mustForget = true
            return message.frame(windowBits: self.windowBits, pool: self.pool)
        }
        self.usedAt = now
        let known = self.deflater ?? self.pool.makeDeflater(windowBits: self.windowBits)
        self.deflater = known
        if self.mustForget { known?.reset() }
        guard let frame = known.flatMap({ message.frame(by: $0) }) else {
            self.mustForget = true
            return message.frame
        }
        self.mustForget = false
        return frame
    }

    /// Frees the compressor when it was not used for a while: a new one only refers to less.
    package mutating func sweep(at now: Moment) {
        if self.usedAt + self.pool.configuration.idleTimeout <= now { self.deflater = nil }
    }
}
