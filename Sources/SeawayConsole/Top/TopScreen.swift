import SeawayMessage

/// The picture of `seaway top`: as many lines as there is room for, none wider than the terminal.
package struct TopScreen: Sendable {
    package enum Style: Hashable, Sendable {
        case plain
        case title
        /// What stands above columns, and at the bottom.
        case bar
        case selected
        case warning
    }

    package struct Line: Hashable, Sendable {
        package let text: String
        package let style: Style

        init(_ text: String, _ style: Style = .plain) {
            self.text = text
            self.style = style
        }
    }

    let model: TopModel
    let state: TopState
    let width: Int
    /// Seconds between looks, as text.
    let interval: String

    package init(model: TopModel, state: TopState, width: Int, interval: String) {
        self.model = model
        self.state = state
        self.width = max(width, 1)
        self.interval = interval
    }

    /// Exactly so many lines, the last of which tells the keys.
    package func lines(height: Int) -> [Line] {
        let header = self.header
        let body = self.body(height: max(0, height - header.count - 1))
        let filling = max(0, height - header.count - body.count - 1)
        let all = header + body + Array(repeating: Line(""), count: filling)
        return (all.prefix(max(0, height - 1)) + [Line(self.footer, .bar)]).prefix(max(0, height)).map(self.fitted)
    }

    /// All there is, without keys: for a file.
    package var text: [String] {
        let rows = self.state.rows(of: self.model.table(self.state.list))
        return (self.header + self.body(height: rows.count + 2)).map { line in
            String(DisplayWidth.cut(line.text, to: self.width).reversed().drop { $0 == " " }.reversed())
        }
    }

    /// Rows of a list that fit on the screen.
    package func page(height: Int) -> Int { max(1, height - self.header.count - 2) }

    private func fitted(_ line: Line) -> Line {
        let cut = DisplayWidth.cut(line.text, to: self.width)
        return Line(line.style == .plain ? cut : DisplayWidth.pad(cut, to: self.width), line.style)
    }

    private func body(height: Int) -> [Line] {
        switch self.state.view {
        case .list: TopListing(self).lines(height: height)
        case .look(let target): TopLook(self, target).lines(height: height)
        case .help: Self.help.prefix(height).map { Line($0) }
        }
    }

    // MARK: The bottom

    private var footer: String {
        if self.state.isTyping { return "filter: \(Printable.text(self.state.filter))_   enter keep   esc drop" }
        switch self.state.view {
        case .list:
            let filter = self.state.filter.isEmpty ? "" : "   filter: \(Printable.text(self.state.filter))"
            return "q quit  s sort  / filter  enter look  g groups  c connections  p pause  h help\(filter)"
        case .look: return "esc back  p pause  q quit"
        case .help: return "any key: back"
        }
    }

    private static let help = [
        "",
        "  q  ctrl-c       quit",
        "  s  right left   sort by the next column, by the one before",
        "  up down         select; page up, page down, home and end too",
        "  enter           look into the selected channel (what waits) or group (its members)",
        "  /               show only names that hold a text; enter keeps it, esc drops it",
        "  g               groups, and back to channels",
        "  c               connections, and back to channels",
        "  p  space        hold the picture still",
        "",
        "  IN/S, OUT/S     messages that came, and that were delivered, per second",
        "  OLDEST          how long the oldest message has waited",
        "  CREDIT          messages that the readers would take at once",
        "  (held, delayed) messages that readers hold until they acknowledge them, and that are not due yet",
        "  DROPPED         expired, closed, unlistened, flushed or dead, since the channel last held nothing",
    ]
}
