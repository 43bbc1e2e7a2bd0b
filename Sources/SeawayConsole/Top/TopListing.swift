/// The table of a list, as much of it as fits, with the selected row in it.
struct TopListing {
    /// Columns that a name is given at least; other columns give way, the last first.
    private static let leastName = 16

    private let screen: TopScreen
    private let table: TopTable
    private let rows: [TopTable.Row]
    private let columns: [Int]
    private let nameWidth: Int

    init(_ screen: TopScreen) {
        self.screen = screen
        self.table = screen.model.table(screen.state.list)
        self.rows = screen.state.rows(of: self.table)
        var columns = [0]
        var left = screen.width - Self.leastName
        for (index, column) in self.table.columns.enumerated().dropFirst() {
            left -= column.width + 2
            guard left >= 0 else { break }
            columns.append(index)
        }
        self.columns = columns
        let others = columns.dropFirst().reduce(0) { [table] in $0 + table.columns[$1].width + 2 }
        self.nameWidth = max(1, screen.width - others)
    }

    func lines(height: Int) -> [TopScreen.Line] {
        guard height > 0 else { return [] }
        let selected = self.screen.state.selection(in: self.rows)
        let room = max(0, height - 1)
        // Pages stand still while the selection moves within them.
        let first = room > 0 ? (selected ?? 0) / room * room : 0
        let shown = self.rows.enumerated().dropFirst(first).prefix(room).map { index, row in
            TopScreen.Line(
                self.line { row.cells[$0].text }, index == selected ? .selected : .plain)
        }
        return [TopScreen.Line(self.titles, .bar)] + shown + self.remark(room: room - shown.count)
    }

    private var titles: String {
        self.line { column in
            let title = self.table.columns[column].title
            let mark = column == self.screen.state.column ? (self.table.columns[column].isNumber ? "▼" : "▲") : ""
            return "\(title)\(mark)"
        }
    }

    private func remark(room: Int) -> [TopScreen.Line] {
        guard room > 0 else { return [] }
        let kind = self.screen.state.list.rawValue
        if self.rows.isEmpty { return [.init(self.table.rows.isEmpty ? "no \(kind)" : "no \(kind) of that name")] }
        guard self.table.total > self.table.rows.count else { return [] }
        return [.init("… \(self.table.rows.count) of \(self.table.total) \(kind) were asked for: see --limit")]
    }

    private func line(_ cell: (Int) -> String) -> String {
        self.columns.map { index in
            let column = self.table.columns[index]
            let width = index == 0 ? self.nameWidth : column.width
            return DisplayWidth.pad(
                DisplayWidth.cut(cell(index), to: width), to: width, column.isNumber ? .right : .left)
        }.joined(separator: "  ")
    }
}
