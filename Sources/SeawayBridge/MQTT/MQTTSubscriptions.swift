/// What a session wants to read, what the MQTT broker has granted, and when what it has refused is asked for again.
///
/// A refusal has no reason in MQTT 3.1.1, and may be an operator's to put right: so it is asked for again, while the
/// others are read.
package struct MQTTSubscriptions<Instant: InstantProtocol & Sendable>: Sendable where Instant.Duration == Duration {
    package enum Answer: Hashable, Sendable {
        /// - Parameter quality: of service, which may be less than was asked for.
        case granted(filter: String, quality: Int)
        case refused(filter: String)
        /// To something that was not asked.
        case unknown
    }

    private enum State: Sendable {
        case wanted
        case asked(id: Int, until: Instant)
        case granted
        case refused(until: Instant)
    }

    private let answerTime: Duration
    private let pause: Duration
    private var states: [(filter: String, state: State)]

    /// - Parameters:
    ///   - answerTime: how long an answer may take.
    ///   - pause: before a refused filter is asked for again.
    package init(_ filters: [String], answerTime: Duration, pause: Duration) {
        self.answerTime = answerTime
        self.pause = pause
        self.states = filters.map { ($0, .wanted) }
    }

    /// The filters to be asked for now, each by its place.
    package func due(at now: Instant) -> [(place: Int, filter: String)] {
        self.states.enumerated().compactMap { place, entry in
            switch entry.state {
            case .wanted: (place, entry.filter)
            case .refused(let until) where until <= now: (place, entry.filter)
            case .refused, .asked, .granted: nil
            }
        }
    }

    package mutating func asked(_ place: Int, id: Int, at now: Instant) {
        self.states[place].state = .asked(id: id, until: now.advanced(by: self.answerTime))
    }

    /// - Parameter codes: one for each filter that was asked for with this id: 0 to 2, or 128.
    package mutating func answered(id: Int, codes: [Int], at now: Instant) -> Answer {
        let place = self.states.firstIndex { entry in
            if case .asked(let asked, _) = entry.state { asked == id } else { false }
        }
        guard let place else { return .unknown }
        let filter = self.states[place].filter
        guard let code = codes.first, (0...2).contains(code) else {
            self.states[place].state = .refused(until: now.advanced(by: self.pause))
            return .refused(filter: filter)
        }
        self.states[place].state = .granted
        return .granted(filter: filter, quality: code)
    }

    /// Whether an answer has taken too long: the connection is of no use.
    package func isLate(at now: Instant) -> Bool {
        self.states.contains { if case .asked(_, let until) = $0.state { until <= now } else { false } }
    }

    /// Whether every filter was granted or refused.
    package var isSettled: Bool {
        self.states.allSatisfy {
            switch $0.state {
            case .granted, .refused: true
            case .wanted, .asked: false
            }
        }
    }

    package var granted: [String] {
        self.states.compactMap { if case .granted = $0.state { $0.filter } else { nil } }
    }
}
