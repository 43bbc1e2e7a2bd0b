import NIOCore

/// Decompresses the messages of one client; takes memory for it only when one comes.
package struct MessageDecompression {
    private let windowBits: Int
    private let keepsContext: Bool
    private let pool: CompressionPool
    private var inflater: Inflater?

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
        try inflater.inflate(bytes, to: &message, limit: limit)
    }

    /// Adds what the last bytes have left inside.
    mutating func endMessage(_ message: inout ByteBuffer, limit: Int) throws(WebSocketFault) {
        let result = withUnsafeBytes(of: (0x00, 0x00, 0xFF, 0xFF) as (UInt8, UInt8, UInt8, UInt8)) { tail in
            Result { () throws(WebSocketFault) in try self.inflate(tail, to: &message, limit: limit) }
        }
        try result.get()
        guard !self.keepsContext, let inflater = self.inflater.take() else { return }
        self.pool.giveBack(inflater)
    }
}
