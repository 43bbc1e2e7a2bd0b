import NIOCore
import SeawayHub

/// What a connection is to be sent: frames side by side in one buffer, and between them large bodies, each of which is
/// in memory once for all who get it.
struct GatheredOutput {
    /// What stands before the last buffer. There is none for nearly every connection, and one word says so.
    private final class Parts {
        var buffers: [ByteBuffer] = []
        var bytes = 0
        /// Those that others get too.
        var bodies: [SharedBody] = []
        var bytesOfBodies = 0
    }

    private var before: Parts?
    /// What is written to.
    var last = ByteBuffer()

    /// Complete, in their order.
    var parts: [ByteBuffer] { self.before?.buffers ?? [] }

    /// Those of the parts that others get too.
    var bodies: [SharedBody] { self.before?.bodies ?? [] }

    var isShared: Bool { self.before != nil }

    @inline(__always)
    var readableBytes: Int {
        guard let before = self.before else { return self.last.readableBytes }
        return before.bytes + self.last.readableBytes
    }

    /// Without the bodies that are shared.
    @inline(__always)
    var ownBytes: Int {
        guard let before = self.before else { return self.last.readableBytes }
        return before.bytes - before.bytesOfBodies + self.last.readableBytes
    }

    /// Puts a body behind what is there, without a copy of its bytes.
    mutating func append(shared body: SharedBody) {
        let before = self.before ?? Parts()
        self.before = before
        let bytes = body.bytes
        if self.last.readableBytes > 0 { before.buffers.append(self.last) }
        before.buffers.append(bytes)
        before.bytes += self.last.readableBytes + bytes.readableBytes
        before.bodies.append(body)
        before.bytesOfBodies += bytes.readableBytes
        self.last = ByteBuffer()
    }
}

/// A large body, with the LF behind it, as many connections get it; it counts once, as long as one of them has it (M1).
final class SharedBody {
    /// Bodies from this size on are shared: below it a copy costs less than a buffer of its own.
    static let smallest = 65_536

    let bytes: ByteBuffer
    var size: Int { self.bytes.readableBytes - 1 }

    private let hub: Hub
    private let payer: PayerID

    /// - Parameter hub: counts it, for whoever asks now.
    init(_ body: Span<UInt8>, _ hub: Hub) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(body.count + 1)
        body.withUnsafeBytes { _ = bytes.writeBytes($0) }
        bytes.writeInteger(UInt8(ascii: "\n"))
        self.bytes = bytes
        self.hub = hub
        self.payer = hub.payer
        hub.hold(bytes.readableBytes, .output, by: self.payer)
    }

    deinit { self.hub.hold(-self.bytes.readableBytes, .output, by: self.payer) }
}
