package import NIOCore

/// The true times of one request; every other time in the server is only as exact as its sweeps.
package struct RequestTimes: Hashable, Sendable {
    /// When it had come whole; of one whose body comes in pieces, its head.
    package let began: NIODeadline
    /// When the first message of its answer was there.
    private var first: NIODeadline?
    /// When the last was, or when the answer was broken off.
    private var last: NIODeadline?

    package init(began: NIODeadline) { self.began = began }

    /// The answer begins.
    ///
    /// - Parameter isWhole: and ends.
    package mutating func begin(at now: NIODeadline, isWhole: Bool) {
        self.first = now
        self.last = isWhole ? now : nil
    }

    /// The answer has ended; one that ended as it began stays as it is.
    package mutating func end(at now: @autoclosure () -> NIODeadline) { if self.last == nil { self.last = now() } }

    /// Until the first message of the answer; `nil` where none came.
    package var firstByte: TimeAmount? { self.first.map { $0 - self.began } }

    /// Until the end of the answer; zero before.
    package var total: TimeAmount { self.last.map { $0 - self.began } ?? .zero }
}
