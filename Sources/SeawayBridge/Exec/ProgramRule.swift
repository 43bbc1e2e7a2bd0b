package import SeawayMessage
import SeawayWire

/// How a program is run for each message (BRIDGES.md, B12 to B16).
package struct ProgramRule: Hashable, Sendable {
    /// A path, or a name that is looked for in `PATH`.
    package var program: String
    package var arguments: [String]
    /// How long a program may run; then it is told to end, and killed 2 s later.
    package var timeLimit = Duration.seconds(30)
    /// Bytes of one program's output in all; with more it is ended.
    package var maxOutput = 16 << 20
    /// Bytes of one line of its output.
    package var maxLine = 2 << 20

    package init(program: String, arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }
}

/// How one run of a program has ended.
package enum ProgramEnd: Hashable, Sendable, CustomStringConvertible {
    case exited(Int)
    case killed(signal: Int)
    case timedOut
    case tooMuchOutput
    case notStarted(String)

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(let signal): "killed by signal \(signal)"
        case .timedOut: "took too long"
        case .tooMuchOutput: "wrote too much"
        case .notStarted(let reason): reason
        }
    }
}

/// Where the lines of a program go, and what is said for one that fails.
package struct ProgramReply: Hashable, Sendable {
    /// nil: nobody waits, the lines are dropped.
    package let destination: Destination?

    /// - Parameter elsewhere: where the operator wants the lines; else they go to the message's reply channel.
    package init(to message: Payload, elsewhere: Destination?) {
        self.destination = elsewhere ?? message["reply_channel"]?.string.flatMap(Self.channel)
    }

    private static func channel(_ name: String) -> Destination? {
        guard let form = NameForm(Array(name.utf8).span), form.isChannel else { return nil }
        return .channel(name)
    }

    /// What tells a browser that waits that nothing will come; nil where no such message is agreed on.
    package var failure: Payload? {
        guard case .channel(let name)? = self.destination else { return nil }
        if name.hasPrefix("http.response.") {
            return Message([("status", 500), ("content", "The program failed.\n")]).payload
        }
        // 1011: the server cannot fulfil the request (RFC 6455).
        return name.hasPrefix("websocket.") ? Message([("close", 1_011)]).payload : nil
    }
}
