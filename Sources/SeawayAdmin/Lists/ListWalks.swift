import NIOCore
import NIOHTTP1
import SeawayMessage

/// Goes through the lists of brokers, page by page, for all who ask the same. Lives on a loop.
///
/// It goes through one list at a time, and rests nine times as long as that has taken: brokers have other things to do.
final class ListWalks {
    /// Questions whose answer is kept, and who may wait for one.
    private static let mostKept = 8
    private static let mostWaiting = 16
    /// Entries of a page (Q1).
    private static let page = 1_000

    private struct Kept {
        let answer: AdminAnswer
        let until: NIODeadline
    }

    private let brokers: [any WatchedBroker]
    private let limits: AdminLimits
    private let eventLoop: any EventLoop
    private var kept: [ListQuestion: Kept] = [:]
    private var asked: [ListQuestion: EventLoopFuture<AdminAnswer>] = [:]
    private var waiting: [(question: ListQuestion, promise: EventLoopPromise<AdminAnswer>)] = []
    private var isWalking = false

    init(_ brokers: [any WatchedBroker], _ limits: AdminLimits, _ eventLoop: any EventLoop) {
        self.brokers = brokers
        self.limits = limits
        self.eventLoop = eventLoop
    }

    /// It fails with an ``AdminRefusal``.
    func answer(_ question: ListQuestion) -> EventLoopFuture<AdminAnswer> {
        if let broker = question.broker, !self.brokers.indices.contains(broker) {
            return self.eventLoop.makeFailedFuture(AdminRefusal.badRequest("there is no broker \(broker)"))
        }
        if let kept = self.kept[question], kept.until > .now() {
            return self.eventLoop.makeSucceededFuture(kept.answer)
        }
        if let asked = self.asked[question] { return asked }
        guard self.waiting.count < Self.mostWaiting else {
            let text = "\(Self.mostWaiting) lists are waited for already"
            return self.eventLoop.makeFailedFuture(AdminRefusal(.serviceUnavailable, "full", text))
        }
        let promise = self.eventLoop.makePromise(of: AdminAnswer.self)
        self.asked[question] = promise.futureResult
        self.waiting.append((question, promise))
        self.beginNext()
        return promise.futureResult
    }

    private func beginNext() {
        guard !self.isWalking, !self.waiting.isEmpty else { return }
        let (question, promise) = self.waiting.removeFirst()
        self.isWalking = true
        let walk = Walk(question, brokers: self.brokers.count, most: self.limits.mostRows)
        let began = NIODeadline.now()
        self.goOn(walk, until: began + TimeAmount(self.limits.listTime)) { isWhole in
            self.isWalking = false
            self.asked[question] = nil
            // Of those that say something it is shown.
            if walk.pages == 0, let fault = walk.fault {
                promise.fail(fault)
            } else {
                let answer = AdminAnswer.json(
                    walk.survey.message(isWhole: isWhole, at: Double(NIODeadline.now().uptimeNanoseconds) / 1e9))
                self.keep(answer, for: question, took: NIODeadline.now() - began)
                promise.succeed(answer)
            }
            self.beginNext()
        }
    }

    private func keep(_ answer: AdminAnswer, for question: ListQuestion, took: TimeAmount) {
        let now = NIODeadline.now()
        self.kept = self.kept.filter { $0.value.until > now }
        if self.kept.count >= Self.mostKept, let first = self.kept.min(by: { $0.value.until < $1.value.until }) {
            self.kept[first.key] = nil
        }
        let rest = max(TimeAmount(self.limits.freshness), .nanoseconds(took.nanoseconds * 9))
        self.kept[question] = Kept(answer: answer, until: now + rest)
    }

    /// - Parameter done: is told whether all was seen, and not only what there was time for, or who answers.
    private func goOn(_ walk: Walk, until end: NIODeadline, _ done: @escaping (Bool) -> Void) {
        let wanted = walk.survey.wanted
        guard !wanted.isEmpty else { return done(walk.fault == nil) }
        guard NIODeadline.now() < end else { return done(false) }
        let look = walk.question.kind.look
        let pages = wanted.map { broker, after in
            self.brokers[broker].look(at: look, limit: Self.page, after: after, on: self.eventLoop)
        }
        EventLoopFuture.whenAllComplete(pages, on: self.eventLoop).assumeIsolated().whenSuccess { results in
            for ((broker, _), result) in zip(wanted, results) {
                switch result {
                case .success(let page):
                    walk.pages += 1
                    walk.survey.take(page, of: broker)
                case .failure(let error):
                    walk.fault = error
                    walk.survey.take(nil, of: broker)
                }
            }
            self.goOn(walk, until: end, done)
        }
    }
}

/// One way through a list.
private final class Walk {
    let question: ListQuestion
    var survey: ListSurvey
    var pages = 0
    /// Why a broker has not said all.
    var fault: (any Error)?

    init(_ question: ListQuestion, brokers: Int, most: Int) {
        self.question = question
        self.survey = ListSurvey(question, brokers: brokers, most: most)
    }
}

@available(*, unavailable)
extension ListWalks: Sendable {}

@available(*, unavailable)
extension Walk: Sendable {}
