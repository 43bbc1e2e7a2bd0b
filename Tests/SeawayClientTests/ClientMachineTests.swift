import SeawayWire
import Testing

@Suite struct WaitingTests {
    @Test func whatWaitsTooLongIsTakenOutInOrder() {
        var waiting = ClientWaiting<String>()
        for (item, deadline) in [("a", 100), ("b", 150), ("c", 200)] {
            waiting.append(item, size: 10, deadline: deadline)
        }
        #expect(waiting.popOverdue(at: 99) == nil)
        #expect(waiting.popOverdue(at: 150) == "a")
        #expect(waiting.popOverdue(at: 150) == "b")
        #expect(waiting.popOverdue(at: 150) == nil)
        #expect(waiting.count == 1)
        #expect(waiting.size == 10)
        #expect(waiting.pop() == "c")
        #expect(waiting.pop() == nil)
        #expect(waiting.size == 0)
    }
}

@Suite struct BackoffTests {
    @Test func eachWaitIsTwiceTheOneBeforeUpToTheMost() {
        var backoff = ClientBackoff(first: .milliseconds(50), most: .seconds(5))
        let longest = (0..<9).map { _ in backoff.next(jitter: 1) }
        #expect(longest == [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { .milliseconds($0) })
        backoff.reset()
        #expect(backoff.next(jitter: 0) == .milliseconds(25))
        for _ in 0..<100 { #expect(backoff.next(jitter: 0) <= .milliseconds(2_500)) }
    }
}

@Suite struct LineTests {
    @Test func aLineIsSplitWhereTheNextNameDoesNotFit() {
        let line = ClientLine("LISTEN", ["aaa", "bbb", "ccc"], option: "members=1")
        #expect(line.length == "LISTEN aaa bbb ccc members=1".count)
        #expect(line.split(maxLine: line.length) == [line])
        #expect(
            line.split(maxLine: line.length - 1) == [
                ClientLine("LISTEN", ["aaa", "bbb"], option: "members=1"),
                ClientLine("LISTEN", ["ccc"], option: "members=1"),
            ])
    }
}
