import DequeModule
import NIOCore
import SeawayHub

/// What a connection is to be sent: frames side by side in one buffer, and between them large bodies, each of which is
/// in memory once for all who get it.
struct GatheredOutput {
    /// What stands before the last buffer. There is none for nearly every connection, and one word says so.
    private final class Parts {
        /// Of each the body that it is, or is a piece of, if others get that too.
        var line: Deque<(bytes: ByteBuffer, body: SharedBody?)> = []
        var bytes = 0
        var bytesOfBodies = 0
    }

    private var before: Parts?
    /// What is written to.
    var last = ByteBuffer()

    /// Complete, in their order.
    var parts: [ByteBuffer] { self.before?.line.map(\.bytes) ?? [] }

    /// Those of the parts that others get too.
    var bodies: [SharedBody] { self.before?.line.compactMap(\.body) ?? [] }

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
        self.endLast()
        self.append(body.bytes, of: body)
    }

    /// Takes out what stands in front, so many bytes at most, without a copy of them.
    mutating func removeFirst(most: Int) -> GatheredOutput {
        guard self.readableBytes > most else {
            let all = self
            self = GatheredOutput()
            return all
        }
        self.endLast()
        var first = GatheredOutput()
        var room = most
        while room > 0, let before = self.before, let next = before.line.popFirst() {
            var bytes = next.bytes
            let body = next.body
            before.bytes -= bytes.readableBytes
            if body != nil { before.bytesOfBodies -= bytes.readableBytes }
            guard let piece = bytes.readSlice(length: min(room, bytes.readableBytes)) else { break }
            room -= piece.readableBytes
            first.append(piece, of: body)
            guard bytes.readableBytes > 0 else { continue }
            before.line.prepend((bytes, body))
            before.bytes += bytes.readableBytes
            if body != nil { before.bytesOfBodies += bytes.readableBytes }
        }
        return first
    }

    /// Nothing more is written into the last buffer.
    private mutating func endLast() {
        guard self.last.readableBytes > 0 else { return }
        self.append(self.last, of: nil)
        self.last = ByteBuffer()
    }

    private mutating func append(_ bytes: ByteBuffer, of body: SharedBody?) {
        let before = self.before ?? Parts()
        self.before = before
        before.line.append((bytes, body))
        before.bytes += bytes.readableBytes
        if body != nil { before.bytesOfBodies += bytes.readableBytes }
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
    convenience init(_ body: Span<UInt8>, _ hub: Hub) {
        // A copy of so much takes its time.
        hub.work += body.count * Work.byte / 2
        self.init(Self.bytes(of: body), hub)
    }

    /// - Parameter bytes: as ``bytes(of:)`` makes them.
    init(_ bytes: ByteBuffer, _ hub: Hub) {
        self.bytes = bytes
        self.hub = hub
        self.payer = hub.payer
        hub.hold(bytes.readableBytes, .output, by: self.payer)
    }

    /// A body with its LF.
    static func bytes(of body: Span<UInt8>) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(body.count + 1)
        body.withUnsafeBytes { _ = bytes.writeBytes($0) }
        bytes.writeInteger(UInt8(ascii: "\n"))
        return bytes
    }

    deinit { self.hub.hold(-self.bytes.readableBytes, .output, by: self.payer) }
}
