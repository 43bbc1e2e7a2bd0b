#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A time of day as logs show it: UTC, to the millisecond.
package struct LogTime: Hashable, Sendable {
    /// Since 1970.
    package let milliseconds: Int64

    package init(unixMilliseconds: Int64) { self.milliseconds = unixMilliseconds }

    /// The system's.
    package static func now() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(unixMilliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// `2026-12-01T06:47:02.123Z` (RFC 3339)
    package var rfc3339: String {
        let parts = self.parts
        return "\(Self.padded(parts.year, 4))-\(Self.padded(parts.month, 2))-\(Self.padded(parts.day, 2))T"
            + "\(self.clock).\(Self.padded(self.rest(of: 1_000), 3))Z"
    }

    /// `01/Dec/2026:06:47:02 +0000`, as web servers have it
    package var commonLog: String {
        let parts = self.parts
        return "\(Self.padded(parts.day, 2))/\(Self.months[parts.month - 1])/\(Self.padded(parts.year, 4)):"
            + "\(self.clock) +0000"
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let dayLength: Int64 = 86_400_000

    /// What of the time is left behind whole units of so many milliseconds.
    private func rest(of unit: Int64) -> Int { Int((self.milliseconds % unit + unit) % unit) }

    private var clock: String {
        let second = self.rest(of: Self.dayLength) / 1_000
        return "\(Self.padded(second / 3_600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))"
    }

    /// The day in the Gregorian calendar, counted in years that begin with March and in eras of 400 of them.
    private var parts: (year: Int, month: Int, day: Int) {
        let days = Int((self.milliseconds - Int64(self.rest(of: Self.dayLength))) / Self.dayLength) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
