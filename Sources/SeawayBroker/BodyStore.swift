import SeawayHub
import SeawayWire

/// The bodies of messages that wait, by number.
struct BodyStore {
    struct Body {
        let bytes: [UInt8]
        let format: BodyFormat
        fileprivate var references: Int
    }

    private var bodies: [Body?] = []
    private var free: [BodyID] = []
    private var count = 0
    /// So many places are kept when none is taken any more.
    private static let fewPlaces = 1_024

    /// The number that the next body gets; it stays free until ``insert(_:_:references:)``.
    var nextID: BodyID { self.free.last ?? BodyID(self.bodies.count) }

    /// Keeps a copy under ``nextID``.
    mutating func insert(_ bytes: Span<UInt8>, _ format: BodyFormat, references: Int) {
        let body = Body(bytes: bytes.array, format: format, references: references)
        self.count += 1
        if let id = self.free.popLast() {
            self.bodies[Int(id)] = body
        } else {
            self.bodies.append(body)
        }
    }

    subscript(_ id: BodyID) -> Body {
        guard let body = self.bodies[Int(id)] else { preconditionFailure("body \(id) was released") }
        return body
    }

    mutating func retain(_ id: BodyID, count: Int) { self.bodies[Int(id)]?.references += count }

    mutating func release(_ id: BodyID, count: Int = 1) {
        self.bodies[Int(id)]?.references -= count
        guard let left = self.bodies[Int(id)]?.references, left <= 0 else { return }
        self.bodies[Int(id)] = nil
        self.count -= 1
        if self.count == 0, self.bodies.count > Self.fewPlaces {
            self.bodies = []
            self.free = []
        } else {
            self.free.append(id)
        }
    }
}
