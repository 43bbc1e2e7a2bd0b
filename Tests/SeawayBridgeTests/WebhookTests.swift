import NIOPosix
import SeawayBridge
import Testing

/// BRIDGES.md, B23 and B24.
@Suite struct WebhookTests {
    @Test(arguments: [200, 202, 204]) func whatIsTakenIsHandedOn(_ status: Int) {
        var attempts = WebhookAttempts(most: 1)
        #expect(attempts.after(.answered(status: status, retryAfter: nil)) == .handedOn)
    }

    @Test(arguments: [301, 400, 401, 404, 410, 422]) func whatAnotherAttemptWouldNotChangeIsGivenUp(_ status: Int) {
        var attempts = WebhookAttempts(most: 5)
        #expect(attempts.after(.answered(status: status, retryAfter: 1)) == .giveUp("the answer is \(status)"))
    }

    @Test(arguments: [408, 425, 429, 500, 503, 599]) func whatMayPassIsTriedAgain(_ status: Int) {
        var attempts = WebhookAttempts(most: 2)
        let answer = WebhookAttempts.Outcome.answered(status: status, retryAfter: nil)
        #expect(attempts.after(answer) == .again(after: .milliseconds(100)))
        #expect(attempts.after(answer) == .giveUp("the answer is \(status)"))
    }

    @Test func waitsGrow() {
        var attempts = WebhookAttempts(most: 9)
        let waits = (0..<8).map { _ in attempts.after(.unanswered("late")) }
        #expect(waits == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { .again(after: .milliseconds($0)) })
        #expect(attempts.after(.unanswered("late")) == .giveUp("late"))
    }

    @Test(arguments: [
        (0, 100), (3, 3_000), (60, 60_000), (86_400, 60_000), (-1, 100), (Int.max, 60_000), (Int.min, 100),
    ])
    func theReceiverSaysWhenAgain(_ asked: Int, _ wait: Int) {
        var attempts = WebhookAttempts(most: 2)
        #expect(attempts.after(.answered(status: 503, retryAfter: asked)) == .again(after: .milliseconds(wait)))
    }

    @Test func whatHasNotArrivedIsNoAttempt() {
        var attempts = WebhookAttempts(most: 1)
        let steps = (0..<100).map { _ in attempts.after(.unreached("away")) }
        #expect(steps.allSatisfy { if case .again = $0 { true } else { false } })
        #expect(attempts.after(.unanswered("late")) == .giveUp("late"))
    }

    @Test(arguments: ["http://127.0.0.1:8080/hook", "https://example.org", "HTTPS://[::1]/?a=b"])
    func urlsAreTaken(_ url: String) throws {
        #expect(try WebhookConfiguration(url: url, authorities: nil).url == url)
    }

    @Test(arguments: ["", "example.org", "ftp://example.org", "http://", "https:///path", "unix:/x", "http+unix://x"])
    func whatIsNoURLOfHTTPIsRefused(_ url: String) {
        #expect(throws: WebhookConfiguration.Fault.self) { () throws(any Error) in
            _ = try WebhookConfiguration(url: url, authorities: nil)
        }
    }

    @Test(arguments: [
        (WebhookAttempts.Outcome.answered(status: 204, retryAfter: nil), nil),
        (.answered(status: 400, retryAfter: nil), .service),
        (.answered(status: 503, retryAfter: nil), .shutdown), (.unreached("away"), .shutdown),
        (.unanswered("late"), BridgeDrop?.some(.shutdown)),
    ])
    func anAnswerCountsAlsoWhenTheTimeToDrainIsJustOver(_ outcome: WebhookAttempts.Outcome, _ drop: BridgeDrop?)
        async throws
    {
        let lines = LogLines()
        let tally = BridgeTally(logger: lines.logger)
        var configuration = try WebhookConfiguration(url: "http://127.0.0.1:1/", authorities: nil)
        configuration.attempts = 2
        let sender = WebhookSender(
            configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.next(), tally: tally, logger: lines.logger)
        await withTaskGroup { group in
            group.addTask {
                await sender.post(by: {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return outcome
                })
            }
        }
        #expect(tally.counts.handedOn == (drop == nil ? 1 : 0) && tally.counts.retried == 0)
        #expect(tally.counts.dropped == (drop.map { [$0: 1] } ?? [:]))
        #expect(!lines.texts.contains { $0.contains("is away") })
        try await sender.shutdown()
    }

    @Test func whatIsSignedIsValid() {
        let signature = HTTPSignature(field: "x-hub-signature-256", secret: Array("It's a Secret to Everybody".utf8))
        let body = Array("Hello, World!".utf8)
        let signed = signature.signature(of: body)
        #expect(signed == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
        #expect(signature.isValid(signed, for: body) && !signature.isValid(signed, for: [0]))
    }
}

extension WebhookAttempts {
    fileprivate mutating func after(_ outcome: Outcome) -> Step { self.step(after: outcome, jitter: 1) }
}
