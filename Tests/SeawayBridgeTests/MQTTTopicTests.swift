import SeawayBridge
import Testing

/// MQTT 3.1.1, sections 1.5.3 and 4.7; 5.0, section 4.8.2.
@Suite struct MQTTTopicTests {
    private static let longest = String(repeating: "a", count: 65_535)

    @Test(arguments: [
        "a", "a/b", "/", "//", "/a", "a/", "+", "#", "+/a", "a/+", "a/+/b", "a/#", "+/#", "/+", "/#", "a b", "ü",
        "$SYS/#", "$share", "$share/group/a/+", "$share/group/#", "$share/group//", longest,
    ])
    func filtersAreTaken(_ filter: String) { #expect(MQTTTopic.fault(inFilter: filter) == nil) }

    @Test(arguments: [
        ("", "has 1 to 65535 bytes, this one has 0"), (longest + "a", "has 1 to 65535 bytes, this one has 65536"),
        (longest.dropLast() + "ü", "this one has 65536"), ("a\0b", "no NUL"), ("a/#/b", "# is the last level"),
        ("#/a", "# is the last level"), ("##", "'##'"), ("a#", "'a#'"), ("#a", "'#a'"), ("a+/b", "'a+'"),
        ("a/+b", "'+b'"), ("++", "'++'"), ("a/+#", "'+#'"), ("$share/", "$share/NAME/FILTER"),
        ("$share/g", "$share/NAME/FILTER"), ("$share//a", "$share/NAME/FILTER"), ("$share/g/", "$share/NAME/FILTER"),
        ("$share/+/a", "$share/NAME/FILTER"), ("$share/g/a+", "'a+'"), ("$share/g/#/a", "# is the last level"),
        (String(repeating: "/", count: 200), "at most 200 levels, this one has 201"),
    ])
    func filtersThatCanNeverBeAreRefused(_ filter: String, _ told: String) {
        #expect(MQTTTopic.fault(inFilter: filter)?.contains(told) == true)
    }

    @Test(arguments: ["a", "a/b", "/", "$SYS/a", "a b", longest])
    func topicsAreTaken(_ name: String) { #expect(MQTTTopic.fault(inName: name) == nil) }

    @Test(arguments: [
        ("", "this one has 0"), ("a/+", "no '+'"), ("#", "no '#'"), ("a+b", "no '+'"), ("a\0", "no NUL"),
        (longest + "a", "this one has 65536"),
    ])
    func topicsThatCanNeverBeAreRefused(_ name: String, _ told: String) {
        #expect(MQTTTopic.fault(inName: name)?.contains(told) == true)
    }
}

/// BRIDGES.md, B31.
@Suite struct MQTTSubscriptionsTests {
    private let start = ContinuousClock.now

    private func subscriptions(_ filters: String...) -> MQTTSubscriptions<ContinuousClock.Instant> {
        MQTTSubscriptions(filters, answerTime: .seconds(10), pause: .seconds(5))
    }

    private func at(_ seconds: Int) -> ContinuousClock.Instant { self.start + .seconds(seconds) }

    @Test func eachIsAskedForOnceAndGrantedByItsId() {
        var all = self.subscriptions("a", "b")
        #expect(all.due(at: self.at(0)).map(\.filter) == ["a", "b"])
        all.asked(0, id: 1, at: self.at(0))
        all.asked(1, id: 2, at: self.at(0))
        #expect(all.due(at: self.at(1)).isEmpty && !all.isSettled)
        #expect(all.answered(id: 2, codes: [1], at: self.at(1)) == .granted(filter: "b", quality: 1))
        #expect(all.answered(id: 1, codes: [0], at: self.at(1)) == .granted(filter: "a", quality: 0))
        #expect(all.isSettled && all.granted == ["a", "b"])
        #expect(all.answered(id: 1, codes: [0], at: self.at(1)) == .unknown)
    }

    @Test func whatIsRefusedIsAskedForAgainWhileTheOthersStand() {
        var all = self.subscriptions("a", "b")
        all.asked(0, id: 1, at: self.at(0))
        all.asked(1, id: 2, at: self.at(0))
        #expect(all.answered(id: 1, codes: [128], at: self.at(0)) == .refused(filter: "a"))
        _ = all.answered(id: 2, codes: [0], at: self.at(0))
        #expect(all.isSettled && all.granted == ["b"])
        #expect(all.due(at: self.at(4)).isEmpty)
        #expect(all.due(at: self.at(5)).map(\.filter) == ["a"])
        all.asked(0, id: 3, at: self.at(5))
        #expect(all.answered(id: 3, codes: [2], at: self.at(6)) == .granted(filter: "a", quality: 2))
    }

    @Test(arguments: [[], [3], [-1], [128]]) func whatIsNoQualityIsARefusal(_ codes: [Int]) {
        var all = self.subscriptions("a")
        all.asked(0, id: 1, at: self.at(0))
        #expect(all.answered(id: 1, codes: codes, at: self.at(0)) == .refused(filter: "a"))
    }

    @Test func anAnswerThatDoesNotComeIsLate() {
        var all = self.subscriptions("a")
        #expect(!all.isLate(at: self.at(99)))
        all.asked(0, id: 1, at: self.at(0))
        #expect(!all.isLate(at: self.at(9)) && all.isLate(at: self.at(10)))
    }
}
