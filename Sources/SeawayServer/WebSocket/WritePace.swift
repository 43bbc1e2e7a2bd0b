/// When sockets are written to again: after a pass over many of them not at once, so that what comes meanwhile goes out
/// in one write for each.
///
/// A write costs about as much as sixteen messages in it do. Of several loops each has a part of the sockets, and so is
/// soon done with a pass: without a pause they would write the same messages in more and smaller writes than one loop.
/// So the pause grows with their number; a pass and its pause together are shorter than those of one loop all the same.
package struct WritePace: Sendable {
    /// Sockets in a pass that is short: nothing waits behind it.
    static let few = 64
    /// Nanoseconds that anything waits at most.
    static let longest: UInt64 = 20_000_000

    private let loops: UInt64
    /// As of the system's clock, in nanoseconds; 0 when there is nothing to wait for.
    private var nextPass: UInt64 = 0

    /// - Parameter loops: among which the sockets are dealt out, at least 1.
    package init(loops: Int) { self.loops = UInt64(min(max(1, loops), 1_024)) }

    /// Whether the clock need not be asked.
    package var isFree: Bool { self.nextPass == 0 }

    /// A pass has ended.
    ///
    /// - Parameters:
    ///   - sockets: that were written to.
    ///   - start: nanoseconds of a clock that never goes back.
    package mutating func passed(_ sockets: Int, from start: UInt64, to end: UInt64) {
        guard sockets > Self.few, end > start else { return self.nextPass = 0 }
        // As long as the other loops' parts would take, and half of the own.
        let half = min((end - start) / 2, Self.longest)
        self.nextPass = end + min(half * (2 * self.loops - 1), Self.longest)
    }

    /// Until when the next pass is put off; `nil` when it may begin at once.
    package mutating func deadline(at now: UInt64) -> UInt64? {
        guard now < self.nextPass else {
            self.nextPass = 0
            return nil
        }
        return self.nextPass
    }
}
