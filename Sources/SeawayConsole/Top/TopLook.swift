import SeawayMessage

/// What waits on one channel, or who is in one group.
struct TopLook {
    private let screen: TopScreen
    private let target: TopTarget

    init(_ screen: TopScreen, _ target: TopTarget) {
        self.screen = screen
        self.target = target
    }

    func lines(height: Int) -> [TopScreen.Line] {
        let answers = self.screen.model.looks(at: self.target).map {
            AnswerTable.Answer(broker: $0.broker, map: $0.answer)
        }
        guard !answers.isEmpty, height > 0 else { return Array([.init("asking …")].prefix(height)) }
        let all: [String]
        let title: String
        switch self.target {
        case .channel(let name):
            title = "channel \(Printable.text(name))"
            all = AnswerTable.channel(answers)
        case .group(let name):
            title = "group \(Printable.text(name)): \(answers.map { $0.map.count("total") }.max() ?? 0) members"
            all = AnswerTable.members(answers)
        }
        // Something stays to be seen however far one scrolls.
        let first = min(self.screen.state.scroll, max(0, all.count - 1))
        return [TopScreen.Line(title, .bar)] + all.dropFirst(first).prefix(height - 1).map { .init($0) }
    }
}
