import CZlib
package import NIOCore

/// Compresses messages (RFC 7692, section 7.2.1).
package final class Deflater {
    /// At one place for good, because zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter windowBits: 8 to 15.
    /// - Returns: `nil` without memory for it: `2^(windowBits+2) + 2^(memoryLevel+9)` bytes and 6 KiB.
    package init?(windowBits: Int, _ configuration: DeflateConfiguration) {
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        // zlib compresses raw data with no window of 8 bits, and with one of 9 never refers back by more than 250 bytes (its `MAX_DIST`).
        let code = deflateInit2_(
            self.stream, CInt(configuration.level), Z_DEFLATED, CInt(-max(9, windowBits)),
            CInt(configuration.memoryLevel), Z_DEFAULT_STRATEGY, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { return nil }
    }

    deinit {
        deflateEnd(self.stream)
        self.stream.deallocate()
    }

    /// Refers to nothing that came before.
    package func reset() { deflateReset(self.stream) }

    /// Adds a message in compressed form.
    package func deflate(_ message: UnsafeRawBufferPointer, to output: inout ByteBuffer) {
        self.stream.pointee.next_in = message.bindMemory(to: UInt8.self).baseAddress
        self.stream.pointee.avail_in = UInt32(message.count)
        defer { self.stream.pointee.next_in = nil }
        // With six bytes more the end of the flush is not written twice.
        var room = Int(deflateBound(self.stream, UInt(message.count))) + 16
        repeat {
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                self.stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                self.stream.pointee.avail_out = UInt32(clamping: target.count)
                CZlib.deflate(self.stream, Z_SYNC_FLUSH)
                return Int(UInt32(clamping: target.count) - self.stream.pointee.avail_out)
            }
            room = 1_024
        } while self.stream.pointee.avail_out == 0
        self.stream.pointee.next_out = nil
        // Every flush ends with 00 00 FF FF, which the receiver puts back.
        output.moveWriterIndex(to: output.writerIndex - 4)
    }
}

@available(*, unavailable)
extension Deflater: Sendable {}
