package import Logging

/// Sends what is published on topics of an MQTT broker.
package struct MQTTReader: ThreadReader {
    /// Before a refused filter is asked for again.
    private static let pause = Duration.seconds(5)

    package var service: String { self.address.description }
    private let address: MQTTAddress
    private let filters: [String]
    private let qualityOfService: Int
    private let intake: SourceIntake
    private let logger: Logger

    /// - Parameters:
    ///   - filters: topics with `+` and `#` for any.
    ///   - qualityOfService: 0 to 2; from 1 on a message is acknowledged when the bridge has it.
    package init(
        _ address: MQTTAddress, filters: [String], qualityOfService: Int, intake: SourceIntake, logger: Logger
    ) {
        self.address = address
        self.filters = filters
        self.qualityOfService = qualityOfService
        self.intake = intake
        self.logger = logger
    }

    package func read(_ wakeup: Wakeup, attempt: Int, isReady: () -> Void) throws {
        let session = try MQTTSession(self.address, wakeup) { [intake] in _ = intake.putBlocking($1, from: $0) }
        var wanted = MQTTSubscriptions<ContinuousClock.Instant>(
            self.filters, answerTime: self.address.limits.answer, pause: Self.pause)
        var isSaid = false
        // What is refused again and again is told once.
        var told: Set<String> = []
        repeat {
            for (place, filter) in wanted.due(at: .now) {
                let id = try session.subscribe(filter, qualityOfService: self.qualityOfService)
                wanted.asked(place, id: Int(id), at: .now)
            }
            for (id, codes) in session.takeAnswers() {
                let answer = wanted.answered(id: Int(id), codes: codes.map { Int($0) }, at: .now)
                self.tell(answer, &told)
                if isSaid, case .granted = answer { self.say(wanted.granted) }
            }
            if wanted.isLate(at: .now) { throw ServiceSilence(self.address.limits.answer) }
            if !isSaid, wanted.isSettled {
                isSaid = true
                isReady()
                self.say(wanted.granted)
            }
        } while try session.turn()
        session.disconnect()
    }

    private func say(_ granted: [String]) {
        guard !granted.isEmpty else { return }
        self.logger.info("reading from \(self.address)", metadata: ["topics": "\(granted)"])
    }

    private func tell(_ answer: MQTTSubscriptions<ContinuousClock.Instant>.Answer, _ told: inout Set<String>) {
        switch answer {
        case .granted(let filter, let quality):
            told.remove(filter)
            guard quality < self.qualityOfService else { return }
            self.logger.warning(
                "\(self.address) has granted a lower quality of service than was asked for",
                metadata: ["filter": "\(filter)", "granted": "\(quality)", "asked": "\(self.qualityOfService)"])
        case .refused(let filter):
            guard told.insert(filter).inserted else { return }
            self.logger.error(
                "\(self.address) refuses a subscription; asking again and again",
                metadata: ["filter": "\(filter)"])
        case .unknown: break
        }
    }
}
