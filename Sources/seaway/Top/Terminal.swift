import Dispatch
import SeawayConsole

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The terminal of this process, taken over for pictures and given back as it was.
final class Terminal {
    private let before: termios
    private let input: any DispatchSourceRead

    /// Whether pictures can be shown and keys read.
    static var isThere: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Columns and rows; `nil` when there is no terminal.
    static var size: (width: Int, height: Int)? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Takes the terminal over: another screen, no cursor, each key by itself.
    ///
    /// - Parameter press: called on another thread with the keys that came together; with none when there will be no
    ///   more.
    init?(_ press: @escaping @Sendable ([Key]) -> Void) {
        var mode = termios()
        guard Self.isThere, tcgetattr(STDIN_FILENO, &mode) == 0 else { return nil }
        self.before = mode
        cfmakeraw(&mode)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &mode) == 0 else { return nil }
        self.input = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO)
        self.input.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = bytes.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            press(count > 0 ? Key.keys(in: Array(bytes[..<count])) : [])
        }
        self.input.activate()
        try? StandardOutput.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l")
    }

    /// Gives it back; once is enough.
    func restore() {
        guard !self.input.isCancelled else { return }
        self.input.cancel()
        try? StandardOutput.write("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
        var mode = self.before
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &mode)
    }

    /// Ends the process without waiting for anything.
    static func exitAtOnce() -> Never { exit(0) }

    /// Shows a picture instead of the one before.
    func show(_ lines: [TopScreen.Line], width: Int, clearing: Bool) throws {
        let text = lines.map { line in
            // Behind the last column it would wipe out what stands there.
            let rest = DisplayWidth.of(line.text) < width ? "\u{1B}[K" : ""
            return "\(Self.code(line.style))\(line.text)\u{1B}[0m\(rest)"
        }.joined(separator: "\r\n")
        try StandardOutput.write("\(clearing ? "\u{1B}[2J" : "")\u{1B}[H\(text)")
    }

    private static func code(_ style: TopScreen.Style) -> String {
        switch style {
        case .plain: ""
        case .title: "\u{1B}[1m"
        case .bar: "\u{1B}[30;42m"
        case .selected: "\u{1B}[30;46m"
        case .warning: "\u{1B}[31m"
        }
    }
}
