import ArgumentParser
import SeawayWire

/// A channel that one may send to: normal, reply or pinned.
struct ChannelArgument: CheckedArgument {
    let name: String

    init(checking argument: String) throws {
        self.name = try legalName(
            argument, "A-Z a-z 0-9 - _ . and at most one ! or ?, neither first nor last", where: \.isChannel)
    }
}

/// A channel, or a mailbox (ending in `!`).
struct ListeningArgument: CheckedArgument {
    let name: String

    init(checking argument: String) throws {
        self.name = try legalName(argument, "A-Z a-z 0-9 - _ . and at most one ! or ?") { _ in true }
    }
}

/// A normal channel.
struct NormalChannelArgument: CheckedArgument {
    let name: String

    init(checking argument: String) throws {
        self.name = try legalName(argument, "A-Z a-z 0-9 - _ .") { $0 == .normal }
    }

    /// Where its dead letters are (D14); itself where it is such a channel.
    var deadLetters: String { self.name.hasSuffix(".dead") ? self.name : self.name + ".dead" }

    /// Where its messages came from.
    var living: String { self.name.hasSuffix(".dead") ? String(self.name.dropLast(5)) : self.name }
}

/// What stood behind `ack=` of a message.
struct DeliveryIDArgument: CheckedArgument {
    let id: String

    init(checking argument: String) throws {
        guard DeliveryTag(Array(argument.utf8).span) != nil else {
            throw ValidationError("an ID is 1 to 64 of A-Z a-z 0-9 - _ .")
        }
        self.id = argument
    }
}

/// A key of messages of which one counts (S12).
struct OnceKeyArgument: CheckedArgument {
    let key: String

    init(checking argument: String) throws {
        guard (1...SendTerms.mostKeyBytes).contains(argument.utf8.count), argument.utf8.allSatisfy(Name.isNameByte)
        else { throw ValidationError("a key is 1 to \(SendTerms.mostKeyBytes) of A-Z a-z 0-9 - _ .") }
        self.key = argument
    }
}

/// A group: a name without `!` and `?`.
struct GroupArgument: CheckedArgument {
    let name: String

    init(checking argument: String) throws {
        self.name = try legalName(argument, "A-Z a-z 0-9 - _ .") { $0 == .normal }
    }
}

/// Names with `*` for any characters.
struct PatternArgument: CheckedArgument {
    let pattern: String

    init(checking argument: String) throws { self.pattern = try Self.pattern(argument).description }

    static func pattern(_ text: some StringProtocol) throws -> Pattern {
        let bytes = Array(text.utf8)
        guard let pattern = Pattern(bytes) else {
            let refusal = WireRefusal.name(bytes.span)
            let rule = "a pattern is made of A-Z a-z 0-9 - _ . ! ? and at most \(Pattern.mostStars) *"
            let allowed = refusal == .name ? rule : refusal.details
            throw ValidationError("\(allowed).")
        }
        return pattern
    }
}

private func legalName(
    _ text: String, _ alphabet: String, where isLegalHere: (NameForm) -> Bool
) throws -> String {
    do throws(WireRefusal) {
        return try Name(text, where: isLegalHere).description
    } catch {
        throw ValidationError(error == .name ? "a name here is made of \(alphabet)." : "\(error.details).")
    }
}

extension ArgumentHelp {
    static func channel(_ text: String) -> ArgumentHelp {
        ArgumentHelp("\(text)", valueName: "channel")
    }

    static func group(_ text: String) -> ArgumentHelp {
        ArgumentHelp("\(text)", valueName: "group")
    }
}
