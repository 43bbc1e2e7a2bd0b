/// What else follows from calls, until it is taken.
final class Effects {
    private(set) var all: [HubEffect] = []
    /// To each of these bodies there is one reference less: each message that is acknowledged releases its own.
    private var released: [BodyID] = []
    /// Room of those that were taken before.
    private var spare: [HubEffect] = []
    private static let mostKept = 4_096

    var isEmpty: Bool { self.all.isEmpty && self.released.isEmpty }

    func append(_ effect: HubEffect) { self.all.append(effect) }

    func release(_ body: BodyID) { self.released.append(body) }

    func takeReleased(_ take: (BodyID) -> Void) {
        guard !self.released.isEmpty else { return }
        for body in self.released { take(body) }
        self.released.removeAll(keepingCapacity: self.released.capacity <= Self.mostKept)
    }

    func take() -> [HubEffect] {
        var taken = self.spare
        self.spare = []
        swap(&taken, &self.all)
        return taken
    }

    /// Takes back what ``take()`` gave, for the room that it has.
    func reuse(_ effects: inout [HubEffect]) {
        guard effects.capacity <= Self.mostKept else { return }
        effects.removeAll(keepingCapacity: true)
        swap(&effects, &self.spare)
    }
}
