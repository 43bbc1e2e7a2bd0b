/// Spreads the end of many over a time, so that those who come back do not all come at once (protocol/INTERFACE.md,
/// W23).
package struct LeavingPace<Member> {
    private let members: [Member]
    private let began: Moment
    private let time: Duration
    private var told = 0

    /// - Parameters:
    ///   - members: in the order in which they end, which had better be random.
    ///   - time: until the last is told; 0 for all at once.
    package init(_ members: [Member], over time: Duration, from now: Moment) {
        self.members = members
        self.began = now
        self.time = time
    }

    /// Those whose turn has come, each once.
    package mutating func due(at now: Moment) -> ArraySlice<Member> {
        let passed = max(0, (now - self.began).wholeMilliseconds)
        let whole = self.time.wholeMilliseconds
        var count = self.members.count
        // The first at once.
        if passed < whole { count = min(count, 1 + Int(Double(passed) / Double(whole) * Double(count))) }
        defer { self.told = max(self.told, count) }
        return self.members[min(self.told, count)..<count]
    }

    package var isOver: Bool { self.told == self.members.count }
}
