/// Every bound of a ``Pump``.
package struct PumpConfiguration: Sendable {
    /// What happens where there is no room, in the queue or behind it.
    package enum Overflow: String, Hashable, Sendable, CaseIterable {
        /// The source waits, and a send that was refused for lack of room or of a broker is made again.
        case wait
        /// The message is dropped and counted.
        case drop
    }

    /// Messages that wait or are under way.
    package var messages = 1_000
    /// Their size in all; one message of any size always has room.
    package var bytes = 16 << 20
    package var overflow = Overflow.wait
    /// The first wait before a send is made again; doubled each time, and shortened at random by up to a half.
    package var firstBackoff = Duration.milliseconds(10)
    package var maxBackoff = Duration.seconds(1)

    package init() {}
}
