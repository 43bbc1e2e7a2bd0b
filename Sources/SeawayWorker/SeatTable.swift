/// Who works on what, and whose work has gone on for so long that it is to be heard of when it is in vain (I27). A
/// state machine.
///
/// A number names one piece of work and no other; its seat can be read from it.
package struct SeatTable<Work> {
    private struct Seat {
        var turn = 0
        var work: Work?
        /// When its end is to be asked for; `nil`: not, or not any more.
        var due: Duration?
        /// How often that was put off.
        var delays = 0
        var isCancelled = false
    }

    private var seats: [Seat]
    private var notice: Duration?

    /// - Parameter notice: how long work goes on before it is due; `nil`: it never is.
    package init(count: Int, notice: Duration?) {
        self.seats = Array(repeating: Seat(), count: count)
        self.notice = notice
    }

    package var count: Int { self.seats.count }

    /// A fresh task takes a seat.
    package mutating func sit(at seat: Int) { self.seats[seat].isCancelled = false }

    /// - Parameter isWatched: whether it may become due.
    package mutating func begin(at seat: Int, now: () -> Duration, isWatched: Bool, _ make: (Int) -> Work) -> Work {
        let work = make(self.seats[seat].turn * self.seats.count + seat)
        self.seats[seat].work = work
        if isWatched, let notice {
            self.seats[seat].due = now() + notice
        }
        return work
    }

    /// - Returns: whether the task was cancelled, and cannot take other work.
    package mutating func end(at seat: Int) -> Bool {
        self.seats[seat].turn += 1
        self.seats[seat].work = nil
        self.seats[seat].due = nil
        self.seats[seat].delays = 0
        return self.seats[seat].isCancelled
    }

    /// What has this number, if somebody works on it.
    package func work(_ number: Int) -> Work? { self.seat(of: number).flatMap { self.seats[$0].work } }

    package func isCancelled(at seat: Int) -> Bool { self.seats[seat].isCancelled }

    /// - Returns: the seat whose task is to be cancelled; `nil` when nobody works on this any more.
    package mutating func cancel(_ number: Int) -> Int? {
        guard let seat = self.seat(of: number), !self.seats[seat].isCancelled else { return nil }
        self.seats[seat].isCancelled = true
        return seat
    }

    // MARK: Time

    /// When something is due next; `nil` when nothing is.
    package var nextDue: Duration? { self.seats.lazy.compactMap(\.due).min() }

    /// What is due, each once unless it is put off.
    package mutating func takeDue(at now: Duration) -> [Work] {
        var due: [Work] = []
        for (place, seat) in self.seats.enumerated() {
            guard let work = seat.work, let time = seat.due, time <= now else { continue }
            self.seats[place].due = nil
            due.append(work)
        }
        return due
    }

    /// It will be due again, after twice as long each time.
    package mutating func putOff(_ number: Int, at now: Duration) {
        guard let seat = self.seat(of: number), let notice else { return }
        self.seats[seat].due = now + notice * (1 << self.seats[seat].delays)
        self.seats[seat].delays = min(self.seats[seat].delays + 1, 6)
    }

    /// Nothing will be due any more.
    package mutating func stopNoticing() {
        self.notice = nil
        for place in self.seats.indices { self.seats[place].due = nil }
    }

    /// - Returns: `nil` when somebody works on other things there by now.
    private func seat(of number: Int) -> Int? {
        guard number >= 0 else { return nil }
        let (turn, seat) = number.quotientAndRemainder(dividingBy: self.seats.count)
        guard self.seats[seat].turn == turn, self.seats[seat].work != nil else { return nil }
        return seat
    }
}
