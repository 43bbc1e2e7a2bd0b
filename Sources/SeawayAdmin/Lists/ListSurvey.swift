package import SeawayMessage

/// Finds the first rows of a list in the order that is asked for, in the pages of all brokers, which have them by name.
///
/// It keeps so many rows and one page of each broker, however long the lists are.
package struct ListSurvey {
    /// What one broker has said and is not counted yet.
    private struct Part {
        let broker: Int
        var entries: ArraySlice<Message> = []
        var after: String?
        /// There is no other page.
        var isOver = false
    }

    private let question: ListQuestion
    private let most: Int
    private var parts: [Part]
    private var best: [ListRow] = []
    /// Rows that there are, those that match, and those that are left out as inboxes.
    private(set) var total = 0
    private(set) var matching = 0
    private(set) var hidden = 0

    /// - Parameters:
    ///   - brokers: how many there are.
    ///   - most: rows that are kept.
    package init(_ question: ListQuestion, brokers: Int, most: Int) {
        self.question = question
        self.most = most
        let wanted = (0..<brokers).filter { question.broker == nil || question.broker == $0 }
        self.parts = wanted.map { Part(broker: $0) }
    }

    /// Of which brokers another page is needed, and behind which entry; none: that is all.
    package var wanted: [(broker: Int, after: String?)] {
        self.parts.filter { !$0.isOver && $0.entries.isEmpty }.map { ($0.broker, $0.after) }
    }

    /// A page has come; `nil`: there will be none of that broker.
    package mutating func take(_ page: Message?, of broker: Int) {
        guard let index = self.parts.firstIndex(where: { $0.broker == broker }) else { return }
        self.parts[index].entries.append(contentsOf: page?.entries(self.question.kind.rawValue) ?? [])
        self.parts[index].after = page?["next"]?.string
        self.parts[index].isOver = self.parts[index].after == nil
        switch self.question.kind {
        case .connections: self.takeConnections(index)
        case .channels, .groups: self.join()
        }
    }

    /// The rows, and how many there are.
    ///
    /// - Parameter time: when they were seen, in seconds since some moment.
    package func message(isWhole: Bool, at time: Double = 0) -> Message {
        [
            "at": .double(time),
            "rows": .list(self.best.map(\.value)), "total": .int(Int64(self.total)),
            "matching": .int(Int64(self.matching)), "hidden": .int(Int64(self.hidden)), "whole": .bool(isWhole),
        ]
    }

    // MARK: Rows

    private mutating func takeConnections(_ index: Int) {
        let broker = self.parts[index].broker
        while let entry = self.parts[index].entries.popFirst() { self.count(ListRow(connection: entry, of: broker)) }
    }

    /// Joins what brokers say of the same name, as far as it is known that none will say more of it.
    private mutating func join() {
        while self.parts.allSatisfy({ $0.isOver || !$0.entries.isEmpty }),
            let name = self.parts.compactMap({ $0.entries.first.map(Self.name) }).min()
        {
            // First of all: there may be a hundred thousand.
            let isHidden = self.question.hidesInboxes && name.utf8.contains(UInt8(ascii: "!"))
            var said: [(broker: Int, entry: Message)] = []
            for index in self.parts.indices {
                while let entry = self.parts[index].entries.first, Self.name(entry) == name {
                    if !isHidden { said.append((self.parts[index].broker, entry)) }
                    self.parts[index].entries.removeFirst()
                }
            }
            guard !isHidden else {
                self.hidden += 1
                continue
            }
            self.count(
                self.question.kind == .channels ? ListRow(channel: name, said) : ListRow(group: name, said))
        }
    }

    private static func name(_ entry: Message) -> String { entry["name"]?.string ?? "" }

    private mutating func count(_ row: ListRow) {
        self.total += 1
        let wanted = self.question.filter
        guard wanted.isEmpty || row.words.contains(where: { $0.lowercased().contains(wanted) }) else { return }
        self.matching += 1
        if self.best.count == self.most, let last = self.best.last, !self.isBefore(row, last) { return }
        var (low, high) = (0, self.best.count)
        while low < high {
            let middle = (low + high) / 2
            if self.isBefore(row, self.best[middle]) { high = middle } else { low = middle + 1 }
        }
        self.best.insert(row, at: low)
        if self.best.count > self.most { self.best.removeLast() }
    }

    private func isBefore(_ row: ListRow, _ other: ListRow) -> Bool {
        let (mine, its) = (row.rank(by: self.question.order), other.rank(by: self.question.order))
        if mine == its { return row.name < other.name }
        // What is not known comes last, whichever way.
        guard let mine else { return false }
        guard let its else { return true }
        return self.question.isFalling ? its < mine : mine < its
    }
}
