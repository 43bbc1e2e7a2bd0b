package import NIOCore

/// What came of a body and was not sent yet, in the buffers in which it came.
///
/// One buffer to which all were appended would keep what was taken from it as long as it does not run empty, which it
/// does not while a client is faster than its reader, and would be copied whole for each piece that is on its way.
package struct HeldBody: Sendable {
    /// None is empty; two neighbours hold more than ``joined`` together, so that they are few.
    private var buffers = CircularBuffer<ByteBuffer>(initialCapacity: 0)
    private let joined: Int

    package private(set) var readableBytes = 0

    /// - Parameter joined: neighbours that hold no more than this together become one buffer.
    package init(joined: Int) { self.joined = joined }

    package mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        self.readableBytes += bytes.readableBytes
        guard var last = self.buffers.last, last.readableBytes + bytes.readableBytes <= self.joined else {
            return self.buffers.append(bytes)
        }
        self.buffers.removeLast()
        // First, or what was taken from its beginning would stay in it.
        last.discardReadBytes()
        last.writeImmutableBuffer(bytes)
        self.buffers.append(last)
    }

    /// Takes bytes from the beginning.
    ///
    /// - Parameter most: 0 or more.
    /// - Returns: at most so many: no more than stand in one buffer, so that nothing is copied.
    package mutating func take(atMost most: Int) -> ByteBuffer {
        guard most > 0, var first = self.buffers.popFirst() else { return ByteBuffer() }
        guard first.readableBytes > most, let piece = first.readSlice(length: most) else {
            self.readableBytes -= first.readableBytes
            return first
        }
        self.readableBytes -= most
        self.buffers.prepend(first)
        return piece
    }

    package mutating func removeAll() {
        self.buffers = CircularBuffer(initialCapacity: 0)
        self.readableBytes = 0
    }
}
