import SeawayWire
import TestSupport
import Testing

/// What a pattern costs, counted in compared bytes, and that it finds what trying everything finds.
@Suite struct PatternTests {
    private func name(_ text: String) -> Name { Name(checked: Array(text.utf8)) }

    /// For every length, the parts and names that have the most in common.
    private func worst(_ length: Int) -> [(pattern: String, name: Name)] {
        let half = String(repeating: "a", count: length / 2)
        let name = self.name(String(repeating: "a", count: length))
        let steps = String(repeating: "ab", count: length / 4)
        return [
            ("*\(half)b*", name), ("*\(half)b", name), ("\(half)*\(half)b*", name), ("*\(half)b*\(half)b*", name),
            (String(repeating: "a*", count: 31) + "b*", name),
            ("*\(steps)c*", self.name(String(repeating: "ab", count: length / 2))),
        ]
    }

    @Test(arguments: [32, 64, 120, 250])
    func noPatternComparesAByteMoreThanTwice(length: Int) throws {
        for (text, name) in self.worst(length) {
            let pattern = try #require(Pattern(text), "\(text)")
            let comparisons = pattern.comparisons(with: name)
            #expect(comparisons <= 2 * name.bytes.count + pattern.count, "\(text) takes \(comparisons)")
            #expect(!pattern.matches(name), "\(text)")
        }
    }

    @Test func manyLittlePatternsFindWhatTryingEverythingFinds() throws {
        var random = SeededGenerator(seed: 13)
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                "aab*".randomElement(using: &random) ?? "a"
            }
            let name = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                "aab".randomElement(using: &random) ?? "a"
            }
            let pattern = try #require(Pattern(String(text)))
            let isFound = Self.tries(text[...], name[...])
            #expect(pattern.matches(self.name(String(name))) == isFound, "\(String(text)) \(String(name))")
        }
    }

    private static func tries(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return (name.startIndex...name.endIndex).contains { Self.tries(pattern.dropFirst(), name[$0...]) }
        }
        return name.first == first && Self.tries(pattern.dropFirst(), name.dropFirst())
    }

    @Test func equalTextsAreOnePattern() {
        #expect(Pattern("*a*") == Pattern("*a*"))
        #expect(Set([Pattern("*a*"), Pattern("*a*"), Pattern("*b*")]).count == 2)
    }

    @Test func aStarOfTheOtherIsCoveredByAStarAlone() throws {
        let all = try #require(Pattern("a*b"))
        #expect(try all.covers(#require(Pattern("a*b"))))
        #expect(try all.covers(#require(Pattern("a*c*b"))))
        #expect(try !all.covers(#require(Pattern("*b"))))
        #expect(try !#require(Pattern("ab")).covers(all))
    }
}
