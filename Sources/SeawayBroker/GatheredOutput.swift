import NIOCore

/// What a connection is to be sent: frames side by side in one buffer, and between them large bodies, each of which is in
/// memory once for all who get it.
struct GatheredOutput {
    /// Complete, in their order.
    private(set) var parts: [ByteBuffer] = []
    private var bytesInParts = 0
    /// What is written to.
    var last = ByteBuffer()

    @inline(__always)
    var readableBytes: Int { self.bytesInParts + self.last.readableBytes }

    /// Puts a buffer behind what is there, without a copy of its bytes.
    mutating func append(shared bytes: ByteBuffer) {
        if self.last.readableBytes > 0 { self.parts.append(self.last) }
        self.parts.append(bytes)
        self.bytesInParts += self.last.readableBytes + bytes.readableBytes
        self.last = ByteBuffer()
    }
}

/// A large body, with the LF behind it, as many connections get it.
struct SharedBody {
    /// Bodies from this size on are shared: below it a copy costs less than a buffer of its own.
    static let smallest = 65_536

    let bytes: ByteBuffer
    var size: Int { self.bytes.readableBytes - 1 }

    init(_ body: Span<UInt8>) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(body.count + 1)
        body.withUnsafeBytes { _ = bytes.writeBytes($0) }
        bytes.writeInteger(UInt8(ascii: "\n"))
        self.bytes = bytes
    }
}
