/// Which of several words somebody has meant who wrote another.
package enum NearWord {
    /// The nearest of them, as long as not much of it had to be guessed.
    ///
    /// - Returns: `nil` where none is near: more than a third of the letters are others.
    package static func find(_ word: String, among words: [String]) -> String? {
        let near = words.lazy.map { (word: $0, distance: Self.distance(word, $0)) }
            .min { ($0.distance, $0.word) < ($1.distance, $1.word) }
        guard let near, near.distance <= max(1, near.word.count / 3) else { return nil }
        return near.word
    }

    /// How many letters are to be put in, left out, changed or exchanged with their neighbours (optimal string
    /// alignment).
    package static func distance(_ first: String, _ second: String) -> Int {
        let (first, second) = (Array(first), Array(second))
        var before: [Int] = []
        var above = Array(0...second.count)
        for row in 0..<first.count {
            var current = [row + 1]
            for column in 0..<second.count {
                let isSame = first[row] == second[column]
                var least = min(above[column] + (isSame ? 0 : 1), above[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    least = min(least, before[column - 1] + 1)
                }
                current.append(least)
            }
            (before, above) = (above, current)
        }
        return above[second.count]
    }
}
