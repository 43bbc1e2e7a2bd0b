import DequeModule
package import NIOCore
package import SeawayWire

/// The answers of one connection that wait for a store, and those that stand behind one that does (A1, A2).
package struct PendingAnswers {
    /// An answer that is awaited. Never used again, so that one that comes too late is passed over.
    package struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Place {
        /// `nil`: it is awaited.
        var answer: ByteBuffer?
        /// When it is said in its stead what became of it is not known, and in which words.
        let deadline: Int
        let orElse: WireRefusal?
        /// Bytes that are held until then.
        let held: Int
    }

    private var places: Deque<Place> = []
    /// The number of the first.
    private var first: UInt64 = 0
    /// Bytes of answers, and of what waits for a store with them.
    package private(set) var memory = 0
    /// Of a place by itself, roughly.
    private static let cost = 96

    package init() {}

    package var isEmpty: Bool { self.places.isEmpty }
    package var count: Int { self.places.count }

    /// An answer is awaited from now on.
    ///
    /// - Parameters:
    ///   - deadline: when ``overdue(at:)`` says it, in milliseconds.
    ///   - refusal: what is said then; `nil`: `OK` all the same.
    ///   - held: bytes that are held as long as it is awaited.
    package mutating func await(until deadline: Int, orElse refusal: WireRefusal?, holding held: Int = 0) -> Ticket {
        self.places.append(Place(answer: nil, deadline: deadline, orElse: refusal, held: held))
        self.memory += Self.cost + held
        return Ticket(number: self.first + UInt64(self.places.count - 1))
    }

    /// An answer is known, and stands behind those that are awaited.
    package mutating func append(_ answer: ByteBuffer) {
        self.places.append(Place(answer: answer, deadline: .max, orElse: nil, held: 0))
        self.memory += Self.cost + answer.readableBytes
    }

    /// Whether an answer is still awaited.
    package func awaits(_ ticket: Ticket) -> Bool { self.place(of: ticket) != nil }

    /// An awaited answer is here; one that is not awaited any more is passed over.
    package mutating func fill(_ ticket: Ticket, _ answer: ByteBuffer) {
        guard let place = self.place(of: ticket) else { return }
        self.places[place].answer = answer
        self.memory += answer.readableBytes - self.places[place].held
    }

    /// Takes the first answer, if it is known.
    package mutating func next() -> ByteBuffer? {
        guard let answer = self.places.first?.answer else { return nil }
        self.places.removeFirst()
        self.first += 1
        self.memory -= Self.cost + answer.readableBytes
        return answer
    }

    /// An answer that has not come in time, and what is to be said instead.
    package func overdue(at now: Int) -> (ticket: Ticket, refusal: WireRefusal?)? {
        // They wait equally long, so that the first is due first.
        guard let place = self.places.firstIndex(where: { $0.answer == nil }), self.places[place].deadline <= now else {
            return nil
        }
        return (Ticket(number: self.first + UInt64(place)), self.places[place].orElse)
    }

    private func place(of ticket: Ticket) -> Int? {
        guard ticket.number >= self.first else { return nil }
        let place = Int(ticket.number - self.first)
        guard place < self.places.count, self.places[place].answer == nil else { return nil }
        return place
    }
}
