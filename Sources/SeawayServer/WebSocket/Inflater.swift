import CZlib
package import NIOCore

/// Decompresses the messages of one client, or of one after the other (RFC 7692, section 7.2.2).
package final class Inflater {
    package let windowBits: Int
    /// At one place for good, because zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>
    /// That it is held.
    package var lease: MemoryLease?

    /// Bytes that one takes.
    package static func bytes(windowBits: Int) -> Int { 1 << windowBits + 7_168 }

    /// - Parameter windowBits: 8 to 15.
    /// - Returns: `nil` without memory for it: up to 40 KiB.
    package init?(windowBits: Int) {
        self.windowBits = windowBits
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        let size = CInt(MemoryLayout<z_stream>.size)
        guard inflateInit2_(self.stream, CInt(-windowBits), ZLIB_VERSION, size) == Z_OK else { return nil }
    }

    deinit {
        inflateEnd(self.stream)
        self.stream.deallocate()
    }

    /// Forgets what came before.
    package func reset() { inflateReset(self.stream) }

    /// Adds what the bytes stand for to a message.
    ///
    /// - Parameter limit: bytes of the whole message; no more than one beyond it is ever written.
    package func inflate(
        _ bytes: UnsafeRawBufferPointer, to message: inout ByteBuffer, limit: Int
    ) throws(WebSocketFault) {
        self.stream.pointee.next_in = bytes.bindMemory(to: UInt8.self).baseAddress
        self.stream.pointee.avail_in = UInt32(bytes.count)
        defer { self.stream.pointee.next_in = nil }
        var isFull = false
        // Without room left over, more may be waiting inside.
        while self.stream.pointee.avail_in > 0 || isFull {
            let room = max(1, limit - message.readableBytes + 1)
            let wish = min(room, min(65_536, max(256, Int(self.stream.pointee.avail_in) * 4)))
            var code = Z_OK
            message.writeWithUnsafeMutableBytes(minimumWritableBytes: wish) { target in
                let size = min(room, target.count)
                self.stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                self.stream.pointee.avail_out = UInt32(clamping: size)
                code = CZlib.inflate(self.stream, Z_SYNC_FLUSH)
                return Int(UInt32(clamping: size) - self.stream.pointee.avail_out)
            }
            isFull = self.stream.pointee.avail_out == 0
            self.stream.pointee.next_out = nil
            guard message.readableBytes <= limit else { throw .messageTooBig }
            switch code {
            case Z_OK: break
            // A block may say that it is the last, and others follow all the same, with the same window (section
            // 7.2.3.4), which stays where it is: a copy of it for two bytes of input would be dear.
            case Z_STREAM_END: inflateResetKeep(self.stream)
            case Z_BUF_ERROR: isFull = false
            case Z_MEM_ERROR: throw .noMemory
            default: throw .notDeflate
            }
        }
    }
}

@available(*, unavailable)
extension Inflater: Sendable {}
