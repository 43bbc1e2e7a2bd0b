/// Rows in columns as wide as they need, two spaces apart.
package struct Table: Hashable, Sendable {
    package enum Alignment: Hashable, Sendable { case left, right }

    package struct Column: Hashable, Sendable {
        package var title: String
        package var alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    package var columns: [Column]
    /// Each has a cell for each column.
    package var rows: [[String]] = []
    /// Whether the titles stand on top.
    package var hasTitles: Bool

    package init(_ columns: [Column], hasTitles: Bool = true) {
        self.columns = columns
        self.hasTitles = hasTitles
    }

    /// The lines, without white space at their ends.
    package var lines: [String] {
        let all = (self.hasTitles ? [self.columns.map(\.title)] : []) + self.rows
        let widths = self.columns.indices.map { column in all.map { DisplayWidth.of($0[column]) }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                if column > 0 { line += "  " }
                line += DisplayWidth.pad(cell, to: widths[column], self.columns[column].alignment)
            }
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
