import NIOCore
import SeawayHub

/// What a connection is to be sent: frames side by side in one buffer, and between them large bodies, each of which is in
/// memory once for all who get it.
struct GatheredOutput {
    /// Complete, in their order.
    private(set) var parts: [ByteBuffer] = []
    private var bytesInParts = 0
    /// Those of the parts that others get too.
    private(set) var bodies: [SharedBody] = []
    private var bytesOfBodies = 0
    /// What is written to.
    var last = ByteBuffer()

    @inline(__always)
    var readableBytes: Int { self.bytesInParts + self.last.readableBytes }

    /// Without the bodies that are shared.
    @inline(__always)
    var ownBytes: Int { self.readableBytes - self.bytesOfBodies }

    /// Puts a body behind what is there, without a copy of its bytes.
    mutating func append(shared body: SharedBody) {
        let bytes = body.bytes
        self.bodies.append(body)
        self.bytesOfBodies += bytes.readableBytes
        if self.last.readableBytes > 0 { self.parts.append(self.last) }
        self.parts.append(bytes)
        self.bytesInParts += self.last.readableBytes + bytes.readableBytes
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
