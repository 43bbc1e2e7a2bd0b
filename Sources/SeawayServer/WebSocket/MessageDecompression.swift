import NIOCore

/// Decompresses the messages of one client; takes memory for it only when one comes.
package struct MessageDecompression {
    private let windowBits: Int
    private let keepsContext: Bool
    private let pool: CompressionPool
    private var inflater: Inflater?
    /// Bytes of the message that came, compressed.
    private var taken = 0

    /// Compressed bytes of a message that may stand for nothing, and as many for each byte that it stands for: what no
    /// compressor makes, but who wants to have us work for little (W20).
    private static let mostForNothing = 4_096
    private static let mostForEach = 8

    package init(_ parameters: DeflateParameters, pool: CompressionPool) {
        self.windowBits = parameters.clientMaxWindowBits
        self.keepsContext = !parameters.clientNoContextTakeover
        self.pool = pool
    }

    /// Adds what the next bytes of a message stand for.
    mutating func inflate(
        _ bytes: UnsafeRawBufferPointer, to message: inout ByteBuffer, limit: Int
    ) throws(WebSocketFault) {
        guard let inflater = self.inflater ?? self.pool.takeInflater(windowBits: self.windowBits) else {
            throw .noMemory
        }
        self.inflater = inflater
        self.taken += bytes.count
        try inflater.inflate(bytes, to: &message, limit: limit)
        guard self.taken <= Self.mostForNothing + Self.mostForEach * message.readableBytes else {
            throw .deflateOverhead
        }
    }

    /// Adds what the last bytes have left inside.
    mutating func endMessage(_ message: inout ByteBuffer, limit: Int) throws(WebSocketFault) {
        let result = withUnsafeBytes(of: (0x00, 0x00, 0xFF, 0xFF) as (UInt8, UInt8, UInt8, UInt8)) { tail in
            Result { () throws(WebSocketFault) in try self.inflate(tail, to: &message, limit: limit) }
        }
        try result.get()
        self.taken = 0
        guard !self.keepsContext, let inflater = self.inflater.take() else { return }
        self.pool.giveBack(inflater)
    }
}
