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
    case timedOut(limit: Duration)
    /// - Parameter limit: in bytes.
    case tooMuchOutput(limit: Int)
    case notStarted(String)

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(let signal): "killed by signal \(signal)"
        case .timedOut(let limit): "took too long: more than \(limit)"
        case .tooMuchOutput(let limit): "wrote too much: more than \(limit) bytes"
        case .notStarted(let reason): reason
        }
    }
}
