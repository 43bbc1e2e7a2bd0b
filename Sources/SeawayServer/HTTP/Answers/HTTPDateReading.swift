/// Reads the three forms of dates in fields (RFC 9110, 5.6.7).
package enum HTTPDateReading {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameters:
    ///   - text: such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///   - now: seconds since 1970: years of two digits are at most 50 years ahead of it.
    /// - Returns: seconds since 1970; `nil` when it is no date.
    package static func seconds(_ text: String, now: Int) -> Int? {
        guard text.utf8.count <= 40 else { return nil }
        if let comma = text.firstIndex(of: ",") {
            var words = text[text.index(after: comma)...].split(separator: " ")
            if words.count == 3 {
                words = words[0].split(separator: "-", omittingEmptySubsequences: false) + words[1...]
            }
            guard words.count == 5, words[4] == "GMT" else { return nil }
            return Self.seconds(day: words[0], month: words[1], year: words[2], time: words[3], now)
        }
        let words = text.split(separator: " ")
        guard words.count == 5 else { return nil }
        return Self.seconds(day: words[2], month: words[1], year: words[4], time: words[3], now)
    }

    private static func seconds(
        day: Substring, month: Substring, year: Substring, time: Substring, _ now: Int
    ) -> Int? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard let day = Self.number(day, digits: 1...2), let month = Self.months.firstIndex(of: String(month)),
            let year = Self.year(year, now), clock.count == 3, let hour = Self.number(clock[0], digits: 2...2),
            let minute = Self.number(clock[1], digits: 2...2), let second = Self.number(clock[2], digits: 2...2),
            hour < 24, minute < 60, second <= 60, day >= 1, day <= Self.days(month, year)
        else { return nil }
        return ((Self.daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    }

    private static func year(_ text: Substring, _ now: Int) -> Int? {
        if let year = Self.number(text, digits: 4...4) { return year }
        guard let short = Self.number(text, digits: 2...2) else { return nil }
        let latest = 1_970 + now / 31_556_952 + 50
        let century = latest - latest % 100
        return century + short <= latest ? century + short : century - 100 + short
    }

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        else { return nil }
        return Int(text)
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func days(_ month: Int, _ year: Int) -> Int {
        month == 1 && Self.isLeap(year) ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    }

    /// The days of whole eras of 400 years, then those since the March before.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month < 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year % 400
        let dayOfYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
