package import NIOCore

/// What came of a body and was not sent yet, or a piece of it, in the buffers in which it came.
///
/// One buffer to which all were appended would keep what was taken from it as long as it does not run empty, which it
/// does not while a client is faster than its reader, and would be copied whole for each piece that is on its way.
package struct HeldBody: Sendable {
    /// None is empty; two neighbours hold more than ``joined`` together, so that they are few.
    package private(set) var buffers = CircularBuffer<ByteBuffer>(initialCapacity: 0)
    private let joined: Int

    package private(set) var readableBytes = 0

    /// - Parameter joined: neighbours that hold no more than this together become one buffer.
    package init(joined: Int) { self.joined = joined }

    package init(_ bytes: ByteBuffer) {
        self.init(joined: 0)
        self.append(bytes)
    }

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
    /// - Returns: as many of them as there are; they are not copied.
    package mutating func take(atMost most: Int) -> HeldBody {
        var taken = HeldBody(joined: 0)
        while taken.readableBytes < most, var first = self.buffers.popFirst() {
            let left = most - taken.readableBytes
            if first.readableBytes > left, let piece = first.readSlice(length: left) {
                taken.append(piece)
                self.buffers.prepend(first)
            } else {
                taken.append(first)
            }
        }
        self.readableBytes -= taken.readableBytes
        return taken
    }

    package mutating func removeAll() {
        self.buffers = CircularBuffer(initialCapacity: 0)
        self.readableBytes = 0
    }
}

extension HeldBody: Hashable {
    package var bytes: some Sequence<UInt8> { self.buffers.lazy.flatMap(\.readableBytesView) }

    /// However they are cut.
    package static func == (left: HeldBody, right: HeldBody) -> Bool {
        left.readableBytes == right.readableBytes && left.bytes.elementsEqual(right.bytes)
    }

    package func hash(into hasher: inout Hasher) { for byte in self.bytes { hasher.combine(byte) } }
}
