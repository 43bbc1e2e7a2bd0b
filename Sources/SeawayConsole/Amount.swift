/// Numbers as people read them: three digits or so, and a unit.
package enum Amount {
    /// `0`, `1234`, `99999`, `123k`, `12.3M`.
    package static func count(_ value: Int) -> String {
        abs(value) < 100_000
            ? "\(value)" : Self.scaled(Double(value), step: 1_000, units: ["", "k", "M", "G", "T", "P", "E"])
    }

    /// Per second: `0`, `0.5`, `42.1`, `1234`, `123k`.
    package static func rate(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        if value == 0 { return "0" }
        return value < 99.95 ? Self.decimal(value) : Self.count(Int(min(value.rounded(), 1e18)))
    }

    /// `0`, `999`, `1.2K`, `34K`, `1.5G`: units of 1,024.
    package static func bytes(_ value: Int) -> String {
        Self.scaled(Double(value), step: 1_024, units: ["", "K", "M", "G", "T", "P", "E"])
    }

    /// `35ms`, `1.2s`, `45s`, `3m05s`, `2h03m`, `4d02h`.
    package static func time(milliseconds value: Int) -> String {
        let seconds = value / 1_000
        func pair(_ large: String, _ size: Int, _ small: String, _ part: Int) -> String {
            let rest = seconds % size / part
            return "\(seconds / size)\(large)\(rest < 10 ? "0" : "")\(rest)\(small)"
        }
        return switch seconds {
        case ..<1: "\(value)ms"
        case ..<10: "\(Self.decimal(Double(value / 100) / 10))s"
        case ..<60: "\(seconds)s"
        case ..<3_600: pair("m", 60, "s", 1)
        case ..<86_400: pair("h", 3_600, "m", 60)
        default: pair("d", 86_400, "h", 3_600)
        }
    }

    private static func scaled(_ value: Double, step: Double, units: [String]) -> String {
        var value = value
        var unit = 0
        while abs(value) >= step - 0.5, unit < units.count - 1 {
            value /= step
            unit += 1
        }
        let isShort = unit > 0 && abs(value) < 99.95 && (step == 1_000 || abs(value) < 9.95)
        return (isShort ? Self.decimal(value) : "\(Int(value.rounded()))") + units[unit]
    }

    /// With one digit behind the point.
    private static func decimal(_ value: Double) -> String {
        let tenths = Int((abs(value) * 10).rounded())
        return "\(value < 0 ? "-" : "")\(tenths / 10).\(tenths % 10)"
    }
}
