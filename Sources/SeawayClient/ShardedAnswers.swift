import SeawayMessage

/// Makes one answer of those of several brokers to the same (SHARDING.md, B14). Lives on the layer's loop.
final class ShardedAnswers {
    private var left: Int
    private var isDone = false
    private var refusal: Refusal?
    private let answer: @Sendable (SendAnswer) -> Void

    /// - Parameter count: brokers that were asked, at least one.
    init(count: Int, _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.left = count
        self.answer = answer
    }

    func take(_ answer: SendAnswer) {
        switch answer {
        case .done: self.isDone = true
        case .refused(let refusal): self.refusal = refusal
        case .unknown: break
        }
        self.left -= 1
        guard self.left == 0 else { return }
        if let refusal { self.answer(.refused(refusal)) } else { self.answer(self.isDone ? .done : .unknown) }
    }
}
