import SeawayMessage

/// What brokers answer to `STATS`: a row for each number, a column for each broker, and a sum.
package struct TotalsTable: Sendable {
    /// Numbers that only ever grow while a broker runs; those in maps stand behind the map's name and a point.
    private static let counters: Set<String> = [
        "accepted", "failed-handshakes", "accept-failures", "put-off", "sent", "delivered", "stored",
        "acknowledged", "returned", "dead", "repeated", "copied", "missed",
        "group-full", "told", "untold", "refused", "dropped", "ended", "log-dropped", "store",
    ]
    /// What has no sum.
    private static let single: Set<String> = ["epoch", "uptime", "limits"]

    private let answers: [AnswerTable.Answer]
    private let rows: [(key: String, cells: [String], numbers: [Int], hasSum: Bool)]

    package init(_ answers: [AnswerTable.Answer]) {
        self.answers = answers
        let flat = answers.map { Self.flat($0) }
        var keys: [String] = []
        // Counters that are 0 are left out by a broker, so one may have keys that another has not.
        for (key, _) in flat.joined() where !keys.contains(key) { keys.append(key) }
        let group = { (key: String) in keys.firstIndex { Self.root($0) == Self.root(key) } ?? 0 }
        keys = keys.enumerated().sorted { (group($0.element), $0.offset) < (group($1.element), $1.offset) }.map(
            \.element)
        self.rows = keys.map { key in
            let values = flat.map { pairs in pairs.first { $0.key == key }?.value }
            let numbers = values.map { value in
                if case .number(let number)? = value { number } else { 0 }
            }
            return (
                key, values.map { $0?.text(for: key) ?? "0" }, numbers, !Self.single.contains(Self.root(key))
            )
        }
    }

    /// - Parameters:
    ///   - before: an earlier table of the same brokers; then there is a column for how fast counters grow.
    ///   - seconds: between the two.
    package func lines(since before: TotalsTable? = nil, seconds: Double = 0) -> [String] {
        let hasSum = self.answers.count > 1
        var columns = [Table.Column("")] + self.answers.map { Table.Column($0.broker, .right) }
        if hasSum { columns.append(.init("sum", .right)) }
        if before != nil { columns.append(.init("per second", .right)) }
        var table = Table(columns, hasTitles: hasSum || before != nil)
        table.rows = self.rows.map { row in
            var cells = [row.key] + row.cells
            if hasSum { cells.append(row.hasSum ? "\(row.numbers.reduce(0, &+))" : "") }
            if let before { cells.append(self.rate(row.key, row.numbers, since: before, seconds: seconds)) }
            return cells
        }
        return table.lines
    }

    private func rate(_ key: String, _ numbers: [Int], since before: TotalsTable, seconds: Double) -> String {
        guard Self.counters.contains(Self.root(key)), seconds > 0 else { return "" }
        let earlier = before.rows.first { $0.key == key }?.numbers
        var growth = 0
        for (answer, number) in zip(self.answers, numbers) {
            // Of one that was away there is nothing to compare with.
            guard let index = before.answers.firstIndex(where: { $0.broker == answer.broker }) else { continue }
            let old = earlier?[index] ?? 0
            // A broker that has begun anew counts from 0.
            growth &+= number < old ? number : number &- old
        }
        return Amount.rate(Double(growth) / seconds)
    }

    // MARK: Keys and values

    private enum Cell {
        case number(Int)
        case text(String)

        func text(for key: String) -> String {
            switch self {
            case .number(let number): key == "uptime" ? Amount.time(milliseconds: number) : "\(number)"
            case .text(let text): text
            }
        }
    }

    private static func root(_ key: String) -> String { String(key.prefix { $0 != "." }) }

    private static func flat(_ answer: AnswerTable.Answer) -> [(key: String, value: Cell)] {
        answer.map.flatMap { key, value -> [(key: String, value: Cell)] in
            switch value {
            case .int(let number): [(key, .number(Int(number)))]
            case .map(let map):
                map.compactMap { inner, value in
                    let cell = value.int.map { Cell.number(Int($0)) } ?? value.string.map { .text(Printable.text($0)) }
                    return cell.map { ("\(key).\(inner)", $0) }
                }
            default: [(key, .text(value.string.map(Printable.text) ?? ""))]
            }
        }
    }
}
