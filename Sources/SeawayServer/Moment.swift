/// A point on the server's clock: whole milliseconds since any start, the same for all that are compared.
package struct Moment: InstantProtocol {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Moment, right: Moment) -> Bool { left.milliseconds < right.milliseconds }

    /// Fractions of a millisecond are dropped.
    package func advanced(by duration: Duration) -> Moment {
        Moment(milliseconds: self.milliseconds + duration.wholeMilliseconds)
    }

    package func duration(to other: Moment) -> Duration { .milliseconds(other.milliseconds - self.milliseconds) }

    package static func + (moment: Moment, duration: Duration) -> Moment { moment.advanced(by: duration) }

    package static func - (left: Moment, right: Moment) -> Duration { right.duration(to: left) }
}

extension Duration {
    package var wholeMilliseconds: Int64 {
        self.components.seconds * 1_000 + self.components.attoseconds / 1_000_000_000_000_000
    }
}
