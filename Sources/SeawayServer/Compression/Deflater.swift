import CZlib
package import NIOCore

/// Compresses (RFC 1951), bare for WebSockets or as gzip (RFC 1952).
package final class Deflater {
    package enum Format: Hashable, Sendable {
        /// - Parameter windowBits: 8 to 15.
        case bare(windowBits: Int)
        /// With the largest window.
        case gzip

        /// As zlib has it.
        fileprivate var windowBits: Int {
            switch self {
            // zlib compresses raw data with no window of 8 bits, and with one of 9 never refers back by more than 250
            // bytes (its `MAX_DIST`).
            case .bare(let windowBits): -max(9, windowBits)
            case .gzip: 15 + 16
            }
        }
    }

    /// How much of what was given must be in the output.
    package enum Flush: Hashable, Sendable {
        /// As zlib likes.
        case none
        /// All, so that the other side has it at once.
        case all
        /// All, and nothing follows.
        case end

        fileprivate var code: CInt {
            switch self {
            case .none: Z_NO_FLUSH
            case .all: Z_SYNC_FLUSH
            case .end: Z_FINISH
            }
        }
    }

    /// At one place for good, because zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>
    /// That it is held.
    package var lease: MemoryLease?

    /// Bytes that one takes.
    package static func bytes(windowBits: Int, memoryLevel: Int) -> Int {
        1 << (max(9, windowBits) + 2) + 1 << (memoryLevel + 9) + 6_144
    }

    /// - Parameters:
    ///   - level: 1 to 9.
    ///   - memoryLevel: 1 to 9.
    /// - Returns: `nil` without memory for it: `2^(windowBits+2) + 2^(memoryLevel+9)` bytes and 6 KiB.
    package init?(_ format: Format, level: Int, memoryLevel: Int) {
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        let code = deflateInit2_(
            self.stream, CInt(level), Z_DEFLATED, CInt(format.windowBits), CInt(memoryLevel), Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { return nil }
    }

    deinit {
        deflateEnd(self.stream)
        self.stream.deallocate()
    }

    /// Refers to nothing that came before.
    package func reset() { deflateReset(self.stream) }

    /// Adds what comes out for the input.
    ///
    /// - Parameter input: at most 4 GiB.
    package func compress(_ input: UnsafeRawBufferPointer, _ flush: Flush, to output: inout ByteBuffer) {
        self.stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
        self.stream.pointee.avail_in = UInt32(input.count)
        defer { self.stream.pointee.next_in = nil }
        // With six bytes more the end of a flush is not written twice.
        var room = flush == .none ? 16_384 : Int(deflateBound(self.stream, UInt(input.count))) + 16
        repeat {
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                self.stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                self.stream.pointee.avail_out = UInt32(clamping: target.count)
                CZlib.deflate(self.stream, flush.code)
                return Int(UInt32(clamping: target.count) - self.stream.pointee.avail_out)
            }
            room = flush == .none ? 16_384 : 1_024
        } while self.stream.pointee.avail_out == 0
        self.stream.pointee.next_out = nil
    }
}

@available(*, unavailable)
extension Deflater: Sendable {}
