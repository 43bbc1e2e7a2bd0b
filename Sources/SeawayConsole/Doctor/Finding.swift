import SeawayMessage

/// One thing that was looked at: how it is, and what to change.
package struct Finding: Hashable, Sendable {
    package enum Grade: String, Sendable { case ok, warn, fail }

    package let grade: Grade
    /// A word or an address.
    package let about: String
    package let text: String
    /// What to do; `nil` where nothing is to be done.
    package let advice: String?

    package init(_ grade: Grade, _ about: String, _ text: String, advice: String? = nil) {
        self.grade = grade
        self.about = about
        self.text = text
        self.advice = advice
    }

    /// For people, in one line.
    package var line: String {
        let grade = self.grade.rawValue + String(repeating: " ", count: 5 - self.grade.rawValue.count)
        return "\(grade) \(self.about): \(self.text)" + (self.advice.map { " -> \($0)" } ?? "")
    }

    /// For programs, in one line.
    package var json: String {
        var pairs: [(String, Value)] = [
            ("grade", .string(self.grade.rawValue)), ("about", .string(self.about)), ("text", .string(self.text)),
        ]
        if let advice { pairs.append(("advice", .string(advice))) }
        return Printable.json(Message(pairs).json)
    }
}
