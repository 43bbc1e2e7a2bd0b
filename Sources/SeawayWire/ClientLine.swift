/// A request without a body, as a client says it.
package struct ClientLine: Hashable, Sendable {
    package var verb: String
    package var names: [String]
    /// A word behind the names: `members=1`.
    package var option: String?

    package init(_ verb: String, _ names: [String], option: String? = nil) {
        self.verb = verb
        self.names = names
        self.option = option
    }

    /// Bytes of the line, its LF not counted.
    package var length: Int {
        ([self.verb] + self.names + (self.option.map { [$0] } ?? [])).reduce(-1) { $0 + 1 + $1.utf8.count }
    }

    /// Why the line is too long for a broker, with what is allowed and what was given; `nil` when it is not.
    ///
    /// - Parameter limit: bytes of a line (F3).
    package func lengthRefusal(limit: Int = WireLimits().maxLine) -> WireRefusal? {
        let length = self.length
        guard length > limit else { return nil }
        return .args("a line has at most \(limit) bytes, this one has \(length): name fewer at a time")
    }

    /// As many lines as it takes to say it of all names.
    ///
    /// - Parameter maxLine: bytes of a line (F3); one name always fits.
    package func split(maxLine: Int = WireLimits().maxLine) -> [ClientLine] {
        var lines: [ClientLine] = []
        var line = ClientLine(self.verb, [], option: self.option)
        let empty = line.length
        var length = empty
        for name in self.names {
            if length + 1 + name.utf8.count > maxLine, !line.names.isEmpty {
                lines.append(line)
                line.names = []
                length = empty
            }
            line.names.append(name)
            length += 1 + name.utf8.count
        }
        return lines + [line]
    }
}
