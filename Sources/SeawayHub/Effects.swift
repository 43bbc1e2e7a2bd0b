/// What else follows from calls, until it is taken.
final class Effects {
    private(set) var all: [HubEffect] = []
    /// Room of those that were taken before.
    private var spare: [HubEffect] = []
    private static let mostKept = 4_096

    var isEmpty: Bool { self.all.isEmpty }

    func append(_ effect: HubEffect) { self.all.append(effect) }

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
