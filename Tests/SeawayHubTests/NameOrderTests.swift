import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// Names in order, and how many are looked at for it.
@Suite struct NameOrderTests {
    private final class Looks {
        var count = 0
    }

    private final class Thing: Named {
        private let text: Name
        private let looks: Looks

        init(_ text: String, _ looks: Looks) {
            self.text = Name(checked: Array(text.utf8))
            self.looks = looks
        }

        var name: Name {
            self.looks.count += 1
            return self.text
        }
    }

    @Test func whateverComesAndGoesIsInOrder() {
        var random = SeededGenerator(seed: 1)
        var order = NameOrder<Thing>()
        var things: [String: Thing] = [:]
        let looks = Looks()
        for _ in 0..<20_000 {
            let letters = (0..<Int.random(in: 1...10, using: &random)).map { _ in
                "ab.".randomElement(using: &random) ?? "a"
            }
            let text = String(letters)
            if let thing = things.removeValue(forKey: text) {
                order.remove(thing)
            } else {
                let thing = Thing(text, looks)
                things[text] = thing
                order.insert(thing)
            }
        }
        let sorted = things.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        #expect(order.elements(after: nil, most: .max).map(\.name.description) == sorted)
        for text in ["a", "ab", "b", ".", "zz", sorted[sorted.count / 2]] {
            let rest = sorted.filter { Array(text.utf8).lexicographicallyPrecedes(Array($0.utf8)) }
            let page = order.elements(after: Name(checked: Array(text.utf8)), most: 3).map(\.name.description)
            #expect(page == Array(rest.prefix(3)), "\(text)")
        }
        order.remove(Thing("not there", looks))
        #expect(order.elements(after: nil, most: .max).count == sorted.count)
    }

    @Test func aPageCostsWhatStandsOnIt() {
        var order = NameOrder<Thing>()
        let looks = Looks()
        let things = (0..<50_000).map { Thing("m.\($0 * 7_919 % 50_000)", looks) }
        for thing in things { order.insert(thing) }
        #expect(looks.count <= 50_000 * 20)
        looks.count = 0
        #expect(order.elements(after: Name("m.40000"), most: 1).count == 1)
        #expect(order.elements(after: nil, most: 1).count == 1)
        #expect(looks.count <= 20)
        looks.count = 0
        for thing in things[..<100] { order.remove(thing) }
        #expect(looks.count <= 100 * 22)
    }

    @Test func namesAreOrderedByteByByteHoweverLong() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<20_000 {
            let shared = [UInt8](repeating: 97, count: Int.random(in: 0...20, using: &random))
            let tail = { (random: inout SeededGenerator) -> [UInt8] in
                (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 45...126, using: &random) }
            }
            let (left, right) = (shared + tail(&random), shared + tail(&random))
            let isBefore = Name(checked: left) < Name(checked: right)
            #expect(isBefore == left.lexicographicallyPrecedes(right), "\(left) \(right)")
        }
    }
}
