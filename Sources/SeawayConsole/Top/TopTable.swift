/// Rows that can be sorted by any column and filtered by name.
package struct TopTable: Hashable, Sendable {
    package struct Column: Hashable, Sendable {
        package let title: String
        /// Columns of the terminal; 0 for the first, which takes what is left.
        package let width: Int
        package let isNumber: Bool
    }

    package struct Cell: Hashable, Sendable {
        package let text: String
        /// What it is sorted by, the largest first; `nil`: by its text.
        let key: Double?

        init(_ text: String) {
            self.text = text
            self.key = nil
        }

        init(_ text: String, _ key: Double) {
            self.text = text
            self.key = key
        }

        init(count: Int) { self.init(Amount.count(count), Double(count)) }
        init(bytes: Int) { self.init(Amount.bytes(bytes), Double(bytes)) }
        init(rate: Double?) { self.init(Rate.text(rate), rate ?? -1) }
    }

    package struct Row: Hashable, Sendable {
        /// What tells it from others.
        package let id: String
        /// One for each column; the first is its name.
        package let cells: [Cell]
    }

    package let columns: [Column]
    package var rows: [Row]
    /// How many there are in all; more than rows when not all were asked for.
    package var total: Int

    /// The rows whose name holds the text, sorted by a column; equal ones by the columns behind it, then by name.
    package func rows(sortedBy column: Int, filter: String) -> [Row] {
        let column = self.columns.indices.contains(column) ? column : 0
        let order = Array(column..<self.columns.count) + [0]
        return self.rows
            .filter { filter.isEmpty || $0.cells[0].text.lowercased().contains(filter.lowercased()) }
            .sorted { left, right in
                for column in order {
                    if let isBefore = Self.isBefore(left.cells[column], right.cells[column]) { return isBefore }
                }
                return left.id < right.id
            }
    }

    /// `nil` when they are equal.
    private static func isBefore(_ left: Cell, _ right: Cell) -> Bool? {
        if let leftKey = left.key, let rightKey = right.key { return leftKey == rightKey ? nil : leftKey > rightKey }
        return left.text == right.text ? nil : left.text < right.text
    }
}
