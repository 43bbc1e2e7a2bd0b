package import NIOCore
import NIOWebSocket

/// A message for any number of sockets, encoded once for all of them.
///
/// Belongs to one event loop.
package final class PreparedMessage {
    package enum Kind: Hashable, Sendable {
        /// The payload is well-formed UTF-8; whoever prepares it has checked.
        case text
        case binary
    }

    package let kind: Kind
    /// Whether it goes to several sockets, so that compressing it once is better than each socket's own context.
    package let isShared: Bool
    /// Head and payload, not compressed.
    package let frame: ByteBuffer
    private let payloadLength: Int
    /// That its frame is held, where it is for several sockets.
    private var lease: MemoryLease?
    /// Compressed without a context, by the window's bits; the plain one where that is not longer.
    private var compressed: [(windowBits: Int, frame: ByteBuffer)] = []

    /// - Parameter payload: copied.
    package init(_ kind: Kind, _ payload: some Collection<UInt8>, isShared: Bool) {
        self.kind = kind
        self.isShared = isShared
        self.payloadLength = payload.count
        self.frame = .frame(kind == .text ? .text : .binary, payload)
    }

    /// Counts the frame as held for as long as a socket has it, if that is for several; once.
    func charge(_ account: MemoryAccount) {
        guard self.isShared, self.lease == nil else { return }
        self.lease = MemoryLease(account, .output, bytes: self.size)
    }

    /// Bytes that it takes while it waits.
    var size: Int { self.frame.readableBytes }

    /// Whether it is worth the work.
    func isCompressible(_ configuration: DeflateConfiguration) -> Bool {
        self.frame.readableBytes >= max(1, configuration.minimumSize)
            + ByteBuffer.frameHeadLength(configuration.minimumSize)
    }

    /// The frame for every socket whose client has a window of at least so many bits; made when it is first asked for.
    package func frame(windowBits: Int, pool: CompressionPool) -> ByteBuffer {
        if let known = self.compressed.first(where: { $0.windowBits == windowBits }) { return known.frame }
        let frame = self.compress { pool.deflate($0, windowBits: windowBits, to: &$1) } ?? self.frame
        self.compressed.append((windowBits, frame))
        return frame
    }

    /// The frame for a socket that has a compressor of its own; the client's window then holds the message.
    ///
    /// - Returns: `nil` when it would not be shorter: the compressor must then be reset.
    func frame(by deflater: Deflater) -> ByteBuffer? {
        self.compress { payload, output in
            deflater.deflate(payload, to: &output)
            return true
        }
    }

    /// - Returns: `nil` when the work fails or gains nothing.
    private func compress(_ work: (UnsafeRawBufferPointer, inout ByteBuffer) -> Bool) -> ByteBuffer? {
        var output = ByteBufferAllocator().buffer(capacity: self.payloadLength)
        // Room for any head, since its length is not known yet.
        output.moveWriterIndex(forwardBy: ByteBuffer.maxFrameHead)
        output.moveReaderIndex(forwardBy: ByteBuffer.maxFrameHead)
        let succeeded = self.frame.withUnsafeReadableBytes { bytes in
            work(UnsafeRawBufferPointer(rebasing: bytes.suffix(self.payloadLength)), &output)
        }
        guard succeeded, output.readableBytes < self.payloadLength else { return nil }
        var head = ByteBuffer()
        head.writeFrameHead(
            self.kind == .text ? .text : .binary, isCompressed: true, payloadLength: output.readableBytes)
        let start = ByteBuffer.maxFrameHead - head.readableBytes
        output.setBuffer(head, at: start)
        output.moveReaderIndex(to: start)
        return output
    }
}

@available(*, unavailable)
extension PreparedMessage: Sendable {}
