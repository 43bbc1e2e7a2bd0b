import SeawayTracing
import Testing

@Suite("Spans that a collector has not taken") struct RetryTests {
    private func pauses(_ failure: OTLPRetry.Failure, patience: Duration) -> [Duration] {
        var retry = OTLPRetry(patience: patience)
        var (elapsed, pauses) = (Duration.zero, [Duration]())
        while let pause = retry.pause(after: failure, elapsed: elapsed, jitter: 1) {
            pauses.append(pause)
            elapsed += pause
        }
        return pauses
    }

    @Test(arguments: [429, 502, 503, 504])
    func areSentAgainAfterAnAnswerThatPasses(status: Int) {
        #expect(
            self.pauses(.answered(status: status, retryAfter: nil), patience: .seconds(60))
                == [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16)])
    }

    @Test func areSentAgainWhereThereWasNoAnswerAndNoPauseIsLongerThanThirtySeconds() {
        let pauses = self.pauses(.unanswered("connection refused"), patience: .seconds(200))
        #expect(Array(pauses.prefix(6)) == [1, 2, 4, 8, 16, 30].map { Duration.seconds($0) })
        #expect(pauses.reduce(.zero, +) <= .seconds(200))
    }

    @Test(arguments: [400, 401, 404, 413, 500, 501])
    func areDroppedAfterAnyOtherAnswer(status: Int) {
        #expect(self.pauses(.answered(status: status, retryAfter: 1), patience: .seconds(60)).isEmpty)
    }

    @Test func waitAsLongAsTheAnswerSaysAndNoLongerThanTheyAreKept() {
        #expect(
            self.pauses(.answered(status: 503, retryAfter: 25), patience: .seconds(60)) == [.seconds(25), .seconds(25)])
        #expect(self.pauses(.answered(status: 429, retryAfter: 61), patience: .seconds(60)).isEmpty)
        // A collector that asks for none gets a short one.
        #expect(
            self.pauses(.answered(status: 503, retryAfter: 0), patience: .milliseconds(200))
                == [.milliseconds(100), .milliseconds(100)])
    }

    @Test func areSentOnceWithoutPatience() {
        #expect(self.pauses(.unanswered("timed out"), patience: .zero).isEmpty)
    }

    @Test func pausesAreShortenedAtRandomByUpToAHalf() {
        var retry = OTLPRetry(patience: .seconds(60))
        #expect(
            retry.pause(after: .answered(status: 503, retryAfter: nil), elapsed: .zero, jitter: 0)
                == .milliseconds(500))
    }
}
