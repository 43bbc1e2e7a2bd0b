import NIOCore
import SeawayBroker
import SeawayWire
import Testing

/// Answers that wait for a store, by themselves (A1, A2, M9).
@Suite struct PendingAnswerTests {
    private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    private func all(_ answers: inout PendingAnswers) -> [String] {
        var all: [String] = []
        while let answer = answers.next() { all.append(String(buffer: answer)) }
        return all
    }

    @Test func whatIsKnownStandsBehindWhatIsAwaited() {
        var answers = PendingAnswers()
        let first = answers.await(until: 100, orElse: .maybe)
        answers.append(self.bytes("two"))
        let third = answers.await(until: 100, orElse: .maybe)
        answers.append(self.bytes("four"))
        #expect(self.all(&answers) == [])
        answers.fill(third, self.bytes("three"))
        #expect(self.all(&answers) == [])
        answers.fill(first, self.bytes("one"))
        #expect(self.all(&answers) == ["one", "two", "three", "four"])
        #expect(answers.isEmpty)
        #expect(answers.memory == 0)
    }

    @Test func anAnswerThatComesTooLateOrTwiceIsPassedOver() {
        var answers = PendingAnswers()
        let first = answers.await(until: 100, orElse: .maybe)
        answers.fill(first, self.bytes("one"))
        answers.fill(first, self.bytes("again"))
        #expect(self.all(&answers) == ["one"])
        #expect(!answers.awaits(first))
        answers.fill(first, self.bytes("late"))
        let second = answers.await(until: 200, orElse: .maybe)
        answers.fill(first, self.bytes("late"))
        #expect(answers.awaits(second))
        answers.fill(second, self.bytes("two"))
        #expect(self.all(&answers) == ["two"])
    }

    @Test func whatIsOverdueIsSaidOnceForEach() {
        var answers = PendingAnswers()
        let first = answers.await(until: 100, orElse: .maybe)
        let second = answers.await(until: 150, orElse: nil)
        answers.append(self.bytes("three"))
        #expect(answers.overdue(at: 99)?.ticket == nil)
        let due = answers.overdue(at: 120)
        #expect(due?.ticket == first)
        #expect(due?.refusal == .maybe)
        answers.fill(first, self.bytes("one"))
        #expect(answers.overdue(at: 149)?.ticket == nil)
        let next = answers.overdue(at: 150)
        #expect(next?.ticket == second)
        #expect(next != nil && next?.refusal == nil)
        answers.fill(second, self.bytes("two"))
        #expect(answers.overdue(at: .max)?.ticket == nil)
        #expect(self.all(&answers) == ["one", "two", "three"])
    }

    @Test func whatWaitsForAStoreCountsUntilItIsAnswered() {
        var answers = PendingAnswers()
        let empty = answers.memory
        let ticket = answers.await(until: 100, orElse: .maybe, holding: 10_000)
        #expect(answers.memory >= 10_000)
        answers.fill(ticket, self.bytes("OK\n"))
        #expect(answers.memory < 1_000)
        #expect(self.all(&answers) == ["OK\n"])
        #expect(answers.memory == empty)
    }
}
