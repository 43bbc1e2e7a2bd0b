/// What somebody looks at, and how; changed by keys.
package struct TopState: Hashable, Sendable {
    package enum View: Hashable, Sendable {
        case list
        case look(TopTarget)
        case help
    }

    /// What a key asks for, besides another picture.
    package enum Effect: Hashable, Sendable {
        case nothing
        /// Other things are to be asked of the brokers, soon.
        case ask
        case quit
    }

    package private(set) var view = View.list
    package private(set) var list: TopList
    package private(set) var filter: String
    /// Characters go into the filter.
    package private(set) var isTyping = false
    package private(set) var isPaused = false
    /// By which column each list is sorted.
    private var columns: [TopList: Int] = [.channels: 1, .groups: 1]
    /// The selected row: where it was, and which.
    private var cursor = 0
    private var selected: String?
    /// The first line that is shown of a look.
    package private(set) var scroll = 0

    package init(list: TopList = .channels, filter: String = "") {
        self.list = list
        self.filter = filter
    }

    package var column: Int { self.columns[self.list] ?? 0 }

    /// What is looked into.
    package var target: TopTarget? {
        if case .look(let target) = self.view { target } else { nil }
    }

    /// Rows as they are shown.
    package func rows(of table: TopTable) -> [TopTable.Row] {
        table.rows(sortedBy: self.column, filter: self.filter)
    }

    /// Which of the rows is selected: the same as before, wherever it stands now.
    package func selection(in rows: [TopTable.Row]) -> Int? {
        guard !rows.isEmpty else { return nil }
        return rows.firstIndex { $0.id == self.selected } ?? min(self.cursor, rows.count - 1)
    }

    // MARK: Keys

    /// - Parameter table: of the list that is shown.
    /// - Parameter page: rows that fit on the screen.
    package mutating func press(_ key: Key, table: TopTable, page: Int) -> Effect {
        if key == .interrupt { return .quit }
        if self.isTyping { return self.type(key) }
        switch self.view {
        case .list: return self.pressInList(key, table, page)
        case .look: return self.pressInLook(key, page)
        case .help:
            self.view = .list
            return key == .character("q") ? .quit : .nothing
        }
    }

    private mutating func type(_ key: Key) -> Effect {
        switch key {
        case .character(let character): if self.filter.count < 255 { self.filter.append(character) }
        case .backspace: _ = self.filter.popLast()
        case .enter: self.isTyping = false
        case .escape:
            self.isTyping = false
            self.filter = ""
        default: break
        }
        return .nothing
    }

    private mutating func pressInList(_ key: Key, _ table: TopTable, _ page: Int) -> Effect {
        switch key {
        case .character("q"): return .quit
        case .character("/"): self.isTyping = true
        case .character("h"), .character("?"): self.view = .help
        case .character("p"), .character(" "): self.isPaused.toggle()
        case .character("g"): return self.show(self.list == .groups ? .channels : .groups)
        case .character("c"): return self.show(self.list == .connections ? .channels : .connections)
        case .character("s"), .right: self.sort(1, table)
        case .left: self.sort(-1, table)
        case .escape: self.filter = ""
        case .up: self.move(-1, table)
        case .down: self.move(1, table)
        case .pageUp: self.move(-max(1, page), table)
        case .pageDown: self.move(max(1, page), table)
        case .home: self.move(-table.rows.count, table)
        case .end: self.move(table.rows.count, table)
        case .enter: return self.look(table)
        case .character, .backspace, .interrupt, .redraw: break
        }
        return .nothing
    }

    private mutating func pressInLook(_ key: Key, _ page: Int) -> Effect {
        switch key {
        case .character("q"): return .quit
        case .character("p"), .character(" "): self.isPaused.toggle()
        case .escape, .enter, .left, .backspace:
            self.view = .list
            return .ask
        case .up: self.scroll = max(0, self.scroll - 1)
        case .down: self.scroll += 1
        case .pageUp: self.scroll = max(0, self.scroll - page)
        case .pageDown: self.scroll += max(1, page)
        case .home: self.scroll = 0
        default: break
        }
        // No broker shows more than this of a channel.
        self.scroll = min(self.scroll, 999)
        return .nothing
    }

    private mutating func show(_ list: TopList) -> Effect {
        self.list = list
        self.cursor = 0
        self.selected = nil
        return .ask
    }

    private mutating func sort(_ step: Int, _ table: TopTable) {
        let count = table.columns.count
        self.columns[self.list] = (self.column + step + count) % count
    }

    private mutating func move(_ step: Int, _ table: TopTable) {
        let rows = self.rows(of: table)
        guard let current = self.selection(in: rows) else { return }
        self.cursor = min(max(0, current + step), rows.count - 1)
        self.selected = rows[self.cursor].id
    }

    private mutating func look(_ table: TopTable) -> Effect {
        let rows = self.rows(of: table)
        guard let current = self.selection(in: rows) else { return .nothing }
        self.cursor = current
        self.selected = rows[current].id
        self.scroll = 0
        switch self.list {
        case .channels: self.view = .look(.channel(rows[current].id))
        case .groups: self.view = .look(.group(rows[current].id))
        case .connections: return .nothing
        }
        return .ask
    }
}
