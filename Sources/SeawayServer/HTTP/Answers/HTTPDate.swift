#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The `Date` field of answers (RFC 9110, 5.6.7), made anew at most once a second.
package struct HTTPDate: Sendable {
    private var second: Int
    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    package private(set) var text: String

    package init(unixSeconds: Int) {
        self.second = unixSeconds
        self.text = Self.format(unixSeconds)
    }

    package mutating func update(unixSeconds: Int) {
        guard unixSeconds != self.second else { return }
        self = HTTPDate(unixSeconds: unixSeconds)
    }

    /// The system's time of day.
    package static func systemSeconds() -> Int { time(nil) }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func format(_ unixSeconds: Int) -> String {
        var seconds = time_t(unixSeconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day = Self.days[Int(parts.tm_wday)]
        let month = Self.months[Int(parts.tm_mon)]
        let time = "\(twoDigits(parts.tm_hour)):\(twoDigits(parts.tm_min)):\(twoDigits(parts.tm_sec))"
        return "\(day), \(twoDigits(parts.tm_mday)) \(month) \(1_900 + parts.tm_year) \(time) GMT"
    }

    private static func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
