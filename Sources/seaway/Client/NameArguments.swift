import ArgumentParser
import SeawayWire

/// A channel that one may send to: normal, reply or pinned.
struct ChannelArgument: ExpressibleByArgument {
    let name: String

    init?(argument: String) {
        guard NameForm(Array(argument.utf8).span)?.isChannel == true else { return nil }
        self.name = argument
    }
}

/// A channel, or a mailbox (ending in `!`).
struct ListeningArgument: ExpressibleByArgument {
    let name: String

    init?(argument: String) {
        guard NameForm(Array(argument.utf8).span) != nil else { return nil }
        self.name = argument
    }
}

/// A group: a name without `!` and `?`.
struct GroupArgument: ExpressibleByArgument {
    let name: String

    init?(argument: String) {
        guard NameForm(Array(argument.utf8).span) == .normal else { return nil }
        self.name = argument
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
