package import NIOCore

/// For what somebody stands in a ``TurnLine``.
package enum TurnKind: Hashable, Sendable {
    /// To read much more.
    case reads
    /// To have requests taken that came behind others, or frames behind many.
    case input
}

/// Who stands in a ``TurnLine``.
protocol TurnTaker: AnyObject {
    /// Its turn has come: it does a part of what it has to do, and asks again for the rest.
    func takeTurn(_ kind: TurnKind)
}

/// Gives those who have much to do their turns, on one event loop.
package final class LoopTurns {
    private var line: TurnLine<any TurnTaker>
    private let kind: TurnKind
    private let eventLoop: any EventLoop
    /// What each does in a turn, in the line's units.
    private let work: Int
    private var willBegin = false
    /// Whether nobody goes on before ``goOn()``: something else must be done first.
    var isHeld: () -> Bool = { false }
    /// Whether others than those in line have something to do these days: then the line has a part of the loop's time,
    /// and no more.
    var hasOthers: () -> Bool = { false }
    /// Does something after a time, once the loop has looked what is ready; a test has another way.
    ///
    /// Not by `execute`: a loop does all that is executed before it looks again.
    package var later: (any EventLoop, TimeAmount, @escaping @Sendable () -> Void) -> Void = { eventLoop, pause, body in
        eventLoop.scheduleTask(in: pause, body)
    }
    /// Until the next turn.
    private var pause = LoopTurns.breath
    private static let breath = TimeAmount.microseconds(20)
    /// How many times as long as a turn the pause behind it is, where there are others, and how long it is at most.
    private static let shareOfOthers: Int64 = 3
    private static let longestPause = TimeAmount.milliseconds(5)

    /// - Parameters:
    ///   - budget: what all do in a turn.
    ///   - work: what each does of that, at most.
    init(_ kind: TurnKind, budget: Int, work: Int, eventLoop: any EventLoop) {
        self.kind = kind
        self.line = TurnLine(budget: budget)
        self.work = work
        self.eventLoop = eventLoop
    }

    /// Asks for a part of this turn.
    ///
    /// - Returns: whether there is one; otherwise it stands in line now.
    func ask(_ taker: any TurnTaker) -> Bool {
        guard self.line.hasRoom, !self.isHeld() else {
            self.line.append(taker)
            self.beginSoon()
            return false
        }
        if self.line.did(self.work) { self.beginSoon() }
        return true
    }

    /// Puts somebody who has had a part of this turn behind all others.
    func wait(_ taker: any TurnTaker) {
        self.line.append(taker)
        self.beginSoon()
    }

    /// What was waited for is done.
    func goOn() { if !self.line.isEmpty { self.beginSoon() } }

    private func beginSoon() {
        guard !self.willBegin else { return }
        self.willBegin = true
        let turns = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.later(self.eventLoop, self.pause) { turns.value.begin() }
    }

    private func begin() {
        self.line.begin()
        let start = self.hasOthers() ? NIODeadline.now() : nil
        while !self.isHeld(), let taker = self.line.next(self.work) { taker.takeTurn(self.kind) }
        self.pause =
            start.map { min(max((NIODeadline.now() - $0) * Self.shareOfOthers, Self.breath), Self.longestPause) }
            ?? Self.breath
        // Only now, so that the time until the next one begins with the end of this.
        self.willBegin = false
        if !self.line.isEmpty, !self.isHeld() { self.beginSoon() }
    }
}

@available(*, unavailable)
extension LoopTurns: Sendable {}
