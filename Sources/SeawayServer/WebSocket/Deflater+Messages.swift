package import NIOCore

// MARK: Messages of WebSockets (RFC 7692, section 7.2.1)
extension Deflater {
    /// - Parameter windowBits: 8 to 15.
    /// - Returns: `nil` without memory for it.
    package convenience init?(windowBits: Int, _ configuration: DeflateConfiguration) {
        self.init(
            .bare(windowBits: windowBits), level: configuration.level, memoryLevel: configuration.memoryLevel)
    }

    /// Adds a message in compressed form.
    package func deflate(_ message: UnsafeRawBufferPointer, to output: inout ByteBuffer) {
        self.compress(message, .all, to: &output)
        // Every flush ends with 00 00 FF FF, which the receiver puts back.
        output.moveWriterIndex(to: output.writerIndex - 4)
    }
}
