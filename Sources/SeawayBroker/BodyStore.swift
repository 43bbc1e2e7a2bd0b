import SeawayHub
import SeawayWire

/// The bodies of messages that wait, by number.
struct BodyStore {
    struct Body {
        fileprivate(set) var bytes: [UInt8]
        let format: BodyFormat
        fileprivate var references: Int
    }

    private var bodies: [Body?] = []
    private var free: [BodyID] = []
    private var count = 0
    /// Room of bodies that are gone: to ask for it anew takes longer than to copy a body that is not large.
    private var rooms: [[UInt8]] = []
    private static let mostRooms = 2_048
    private static let mostRoom = 1_024
    /// So many places are kept when none is taken any more.
    private static let fewPlaces = 1_024

    /// The number that the next body gets; it stays free until ``insert(_:_:references:)``.
    var nextID: BodyID { self.free.last ?? BodyID(self.bodies.count) }

    /// Keeps a copy under ``nextID``.
    mutating func insert(_ bytes: Span<UInt8>, _ format: BodyFormat, references: Int) {
        let body = Body(bytes: self.copy(bytes), format: format, references: references)
        self.count += 1
        if let id = self.free.popLast() {
            self.bodies[Int(id)] = body
        } else {
            self.bodies.append(body)
        }
    }

    private mutating func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        guard bytes.count <= Self.mostRoom, var room = self.rooms.popLast() else { return bytes.array }
        bytes.withUnsafeBufferPointer { room.append(contentsOf: $0) }
        return room
    }

    subscript(_ id: BodyID) -> Body {
        guard let body = self.bodies[Int(id)] else { preconditionFailure("body \(id) was released") }
        return body
    }

    mutating func retain(_ id: BodyID, count: Int) { self.bodies[Int(id)]?.references += count }

    mutating func release(_ id: BodyID, count: Int = 1) {
        self.bodies[Int(id)]?.references -= count
        guard let left = self.bodies[Int(id)]?.references, left <= 0 else { return }
        if var body = self.bodies[Int(id)].take(), self.rooms.count < Self.mostRooms,
            body.bytes.capacity <= Self.mostRoom
        {
            body.bytes.removeAll(keepingCapacity: true)
            self.rooms.append(body.bytes)
        }
        self.count -= 1
        if self.count == 0, self.bodies.count > Self.fewPlaces {
            self.bodies = []
            self.free = []
        } else {
            self.free.append(id)
        }
    }
}
