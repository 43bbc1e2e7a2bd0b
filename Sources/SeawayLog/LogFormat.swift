public import Logging

/// How the lines of a log are written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// For people: time, level, label, fields and message in a row.
    case text
    /// For programs: one JSON object in each line (``JSONLogHandler``).
    case json

    /// What writes lines in this format; none of them can be forged by what is logged.
    ///
    /// - Parameter write: gets each line, with its end.
    public func handler(label: String, write: @escaping @Sendable (String) -> Void) -> any LogHandler {
        switch self {
        case .text: LineLogHandler(StreamLogHandler(label: label, stream: LineFunction(body: write)))
        case .json: JSONLogHandler(label: label, write: write)
        }
    }
}

/// A function of lines as swift-log wants one.
private struct LineFunction: TextOutputStream, Sendable {
    let body: @Sendable (String) -> Void

    func write(_ line: String) { self.body(line) }
}
