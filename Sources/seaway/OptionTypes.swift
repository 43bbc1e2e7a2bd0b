import ArgumentParser
import SeawayBroker
import SeawayHub
import SeawayWire

/// A time on the command line: `1500ms`, `30s`, `5m`; nothing is guessed of a number without a unit, but that 0 is
/// none.
struct TimeOption: ExpressibleByArgument, CustomStringConvertible {
    let milliseconds: Int

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    var duration: Duration { .milliseconds(self.milliseconds) }

    init?(argument: String) {
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        let (suffix, factor) = units.first { argument.hasSuffix($0.0) } ?? ("", 0)
        guard let number = Double(argument.dropLast(suffix.count)), (0...1e9).contains(number) else { return nil }
        guard factor > 0 || number == 0 else { return nil }
        self.milliseconds = Int(number * Double(factor))
    }

    /// - Throws: `ValidationError`
    init(checking argument: String) throws {
        guard let time = Self(argument: argument) else { throw ValidationError(Self.fault(of: argument)) }
        self = time
    }

    /// What is wrong with a text that is no time.
    static func fault(of text: String) -> String {
        guard let number = Double(text), (0...1e9).contains(number) else {
            return "a time is a number with ms, s, m or h behind it, such as 500ms or 30s."
        }
        return "the unit is missing: \(text)ms, \(text)s, \(text)m or \(text)h."
    }

    var description: String {
        self.milliseconds % 1_000 == 0 ? "\(self.milliseconds / 1_000)s" : "\(self.milliseconds)ms"
    }

    var defaultValueDescription: String { self.description }
}

extension ArgumentHelp {
    static func time(_ text: String) -> ArgumentHelp { ArgumentHelp("\(text)", valueName: "time") }
    static func size(_ text: String) -> ArgumentHelp { ArgumentHelp("\(text)", valueName: "bytes") }
    static func count(_ text: String) -> ArgumentHelp { ArgumentHelp("\(text)", valueName: "count") }
}

extension Option where Value == TimeOption {
    /// An error tells what is allowed, since the name of the value does not.
    init(wrappedValue: TimeOption, name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(
            wrappedValue: wrappedValue, name: name, help: help.with(default: wrappedValue),
            transform: TimeOption.init(checking:))
    }
}

extension Option where Value == TimeOption? {
    /// The same for one that has no default.
    init(name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(name: name, help: help, transform: { try TimeOption(checking: $0) })
    }
}

extension Option where Value == SizeOption {
    /// An error tells what is allowed, since the name of the value does not.
    init(wrappedValue: SizeOption, help: ArgumentHelp) {
        self.init(wrappedValue: wrappedValue, help: help.with(default: wrappedValue)) { argument in
            guard let size = SizeOption(argument: argument) else {
                throw ValidationError("bytes are a number, with K, M or G behind it or nothing, such as 65536 or 64K.")
            }
            return size
        }
    }
}

/// An amount of bytes on the command line: `65536`, `64K`, `2M`, `1G`.
struct SizeOption: ExpressibleByArgument, CustomStringConvertible {
    let bytes: Int

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let units = [("K", 10), ("M", 20), ("G", 30)]
        let (suffix, shift) = units.first { argument.hasSuffix($0.0) } ?? ("", 0)
        guard let number = Int(argument.dropLast(suffix.count)), (0...1 << 40).contains(number) else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    var description: String {
        for (suffix, shift) in [("G", 30), ("M", 20), ("K", 10)] where self.bytes > 0 && self.bytes % (1 << shift) == 0
        {
            return "\(self.bytes >> shift)\(suffix)"
        }
        return "\(self.bytes)"
    }

    var defaultValueDescription: String { self.description }
}

/// `PATTERN=MESSAGES` or `PATTERN=MESSAGES,BYTES`.
struct CapacityOption: CheckedArgument {
    private static let fault = ValidationError(
        "a capacity is a pattern, = and messages, with a comma and bytes behind them or not: http.*=1000,64M.")

    let pattern: Pattern
    let capacity: HubConfiguration.Capacity

    init(checking argument: String) throws {
        let sides = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2 else { throw Self.fault }
        self.pattern = try PatternArgument.pattern(sides[0])
        let numbers = sides[1].split(separator: ",", omittingEmptySubsequences: false)
        guard (1...2).contains(numbers.count), let messages = Int(numbers[0]), messages > 0 else { throw Self.fault }
        guard numbers.count == 2 else {
            self.capacity = .init(messages: messages)
            return
        }
        guard let size = SizeOption(argument: String(numbers[1])), size.bytes > 0 else { throw Self.fault }
        self.capacity = .init(messages: messages, bytes: size.bytes)
    }
}

/// `PATTERN=TIME`.
struct ExpiryOption: CheckedArgument {
    let pattern: Pattern
    let expiry: TimeOption

    init(checking argument: String) throws {
        let sides = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, let expiry = TimeOption(argument: String(sides[1])), expiry.milliseconds > 0 else {
            let isNumber = sides.count == 2 && Double(sides[1]).map { $0 > 0 } == true
            let what = isNumber ? "\(TimeOption.fault(of: String(sides[1])).dropLast()): " : "a pattern, = and a time: "
            throw ValidationError("an expiry is \(isNumber ? "a pattern, = and a time; " : "")\(what)chat.*=10s.")
        }
        self.pattern = try PatternArgument.pattern(sides[0])
        self.expiry = expiry
    }
}

/// `PATTERN=COUNT`.
struct TriesOption: CheckedArgument {
    let pattern: Pattern
    let times: Int

    init(checking argument: String) throws {
        let sides = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, let times = Int(sides[1]), (1...1_000_000).contains(times) else {
            throw ValidationError("tries are a pattern, = and how often, 1 to 1000000: jobs.*=10.")
        }
        self.pattern = try PatternArgument.pattern(sides[0])
        self.times = times
    }
}
