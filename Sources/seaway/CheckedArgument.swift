import ArgumentParser

/// A value of the command line that says what is wrong with a text that is none.
protocol CheckedArgument: SendableMetatype {
    /// - Throws: `ValidationError`
    init(checking argument: String) throws
}

extension Argument {
    init(help: ArgumentHelp) where Value: CheckedArgument {
        self.init(help: help, transform: { try Value(checking: $0) })
    }

    /// At least one.
    init<Element: CheckedArgument>(help: ArgumentHelp) where Value == [Element] {
        self.init(help: help, transform: { try Element(checking: $0) })
    }

    init<Element: CheckedArgument>(wrappedValue: [Element], help: ArgumentHelp) where Value == [Element] {
        self.init(wrappedValue: wrappedValue, help: help, transform: { try Element(checking: $0) })
    }
}

extension Option {
    init<Wrapped: CheckedArgument>(help: ArgumentHelp) where Value == Wrapped? {
        self.init(help: help, transform: { try Wrapped(checking: $0) })
    }

    init<Element: CheckedArgument>(wrappedValue: [Element], help: ArgumentHelp) where Value == [Element] {
        self.init(wrappedValue: wrappedValue, help: help, transform: { try Element(checking: $0) })
    }

    init(wrappedValue: Value, help: ArgumentHelp) where Value: CheckedArgument & CustomStringConvertible {
        self.init(
            wrappedValue: wrappedValue, help: help.with(default: wrappedValue), transform: { try Value(checking: $0) })
    }
}

extension ArgumentHelp {
    /// What the library adds only for values that it reads by itself.
    func with(default value: some CustomStringConvertible) -> ArgumentHelp {
        var help = self
        help.abstract += " (default: \(value))"
        return help
    }
}
