import SeawayBridge
import SeawayMessage
import Testing

/// BRIDGES.md, B13, B15 and B27.
@Suite struct ProgramAnswersTests {
    private static let request: Message = ["reply_channel": "http.response.s!1", "method": "GET", "path": "/"]
    private static let connect: Message = ["reply_channel": "websocket.send.s!1", "type": "websocket.connect"]
    private static let receive: Message = ["reply_channel": "websocket.send.s!1", "type": "websocket.receive"]
    private static let failure: Message = ["status": 500, "content": "The program failed.\n"]
    private static let refusal: Message = ["accept": false, "status": 500, "content": "The program failed.\n"]

    private static func answers(to message: Message, elsewhere: Destination? = nil) -> ProgramAnswers {
        ProgramAnswers(ProgramReply(to: message.payload, elsewhere: elsewhere))
    }

    private static func forwards(_ message: Message, by answers: inout ProgramAnswers) -> Bool {
        answers.line(.message(message.payload)) == .forward(message.payload)
    }

    @Test func aWholeAnswerIsForwardedAndAllIsWell() {
        var answers = Self.answers(to: Self.request)
        #expect(Self.forwards(["status": 200, "content": "hi"], by: &answers))
        #expect(answers.ended(.exited(0)) == .init(fault: nil, hasFailed: false, failure: nil))
    }

    @Test func aStreamIsForwardedToItsEnd() {
        var answers = Self.answers(to: Self.request)
        #expect(Self.forwards(["status": 200, "more_content": true], by: &answers))
        #expect(Self.forwards(["content": "a", "more_content": true], by: &answers))
        #expect(Self.forwards(["content": "b"], by: &answers))
        #expect(answers.ended(.exited(0)).fault == nil)
    }

    @Test(arguments: [
        ProgramEnd.exited(0), .exited(3), .killed(signal: 9), .timedOut(limit: .seconds(1)), .tooMuchOutput(limit: 1),
        .notStarted("no"),
    ])
    func whoAnswersNothingHasFailed(_ end: ProgramEnd) {
        var answers = Self.answers(to: Self.request)
        let verdict = answers.ended(end)
        #expect(verdict.failure == Self.failure.payload && verdict.hasFailed)
        #expect(verdict.fault == (end.isSuccess ? "it has answered nothing" : end.description))
        var connecting = Self.answers(to: Self.connect)
        #expect(connecting.ended(end).failure == Self.refusal.payload)
    }

    @Test func theFirstLineOfNoUseIsTheReason() {
        var answers = Self.answers(to: Self.request)
        #expect(answers.line(.unusable(.size, "too long")) == .drop(.size, "too long"))
        #expect(answers.line(.unusable(.payload, "no map")) == .drop(.payload, "no map"))
        #expect(
            answers.ended(.exited(0)) == .init(fault: "too long", hasFailed: true, failure: Self.failure.payload))
    }

    @Test func whatStandsBesideAWholeAnswerDoesNotSpoilIt() {
        var answers = Self.answers(to: Self.request)
        _ = answers.line(.unusable(.payload, "debug"))
        #expect(Self.forwards(["status": 200], by: &answers))
        #expect(answers.ended(.exited(0)) == .init(fault: "debug", hasFailed: false, failure: nil))
    }

    @Test func aSecondAnswerGoesNowhere() {
        var answers = Self.answers(to: Self.request)
        _ = answers.line(.message(Message([("status", 200)]).payload))
        guard case .drop(.payload, let text) = answers.line(.message(Message([("status", 200)]).payload)) else {
            Issue.record("it is not dropped")
            return
        }
        #expect(text.contains("second answer"))
        #expect(answers.ended(.exited(3)).failure == nil)
    }

    @Test func aHoleInAStreamBreaksItOffOnce() {
        var answers = Self.answers(to: Self.request)
        _ = answers.line(.message(Message([("status", 200), ("more_content", true)]).payload))
        #expect(answers.line(.unusable(.size, "too long")) == .breakOff(.size, "too long", Self.failure.payload))
        guard case .drop = answers.line(.message(Message([("content", "rest")]).payload)) else {
            Issue.record("what comes behind the hole goes on")
            return
        }
        let verdict = answers.ended(.exited(0))
        #expect(verdict == .init(fault: "too long", hasFailed: true, failure: nil))
    }

    @Test func aSecondStatusInAStreamBreaksItOff() {
        var answers = Self.answers(to: Self.request)
        _ = answers.line(.message(Message([("status", 200), ("more_content", true)]).payload))
        guard case .breakOff = answers.line(.message(Message([("status", 200)]).payload)) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test func aStreamThatDoesNotEndIsBrokenOff() {
        var answers = Self.answers(to: Self.request)
        _ = answers.line(.message(Message([("status", 200), ("more_content", true)]).payload))
        let verdict = answers.ended(.exited(0))
        #expect(verdict.fault == "its answer is not complete" && verdict.failure == Self.failure.payload)
    }

    @Test(arguments: [204, 304]) func anAnswerWithoutContentIsWhole(_ status: Int) {
        var answers = Self.answers(to: Self.request)
        _ = answers.line(.message(Message([("status", .int(Int64(status))), ("more_content", true)]).payload))
        #expect(answers.ended(.exited(0)).fault == nil)
    }

    @Test func whereToTellOfTheEndIsNoAnswer() {
        var answers = Self.answers(to: Self.request)
        #expect(Self.forwards(["disconnect_channel": "http.disconnect.w!1"], by: &answers))
        #expect(answers.ended(.exited(0)).failure == Self.failure.payload)
    }

    @Test(arguments: [
        (Message([("accept", true)]), true), (Message([("accept", true), ("serial", false)]), false),
        (Message([("text", "hi")]), true), (Message([("accept", false)]), false), (Message([("close", true)]), false),
    ])
    func anAcceptAsksForEventsOneAtATime(_ answer: Message, _ isAdded: Bool) {
        var answers = Self.answers(to: Self.connect)
        var wanted = answer
        if isAdded { wanted["serial"] = true }
        #expect(answers.line(.message(answer.payload)) == .forward(wanted.payload))
        #expect(answers.ended(.exited(0)).fault == nil)
    }

    @Test func anOpenSocketIsClosedWhenTheProgramFailsByItsEndAlone() {
        let close = Message([("close", 1_011)]).payload
        var accepted = Self.answers(to: Self.connect)
        _ = accepted.line(.message(Message([("accept", true)]).payload))
        #expect(accepted.ended(.exited(1)).failure == close)
        var receiving = Self.answers(to: Self.receive)
        #expect(receiving.ended(.exited(0)) == .init(fault: nil, hasFailed: false, failure: nil))
        var failing = Self.answers(to: Self.receive)
        #expect(failing.ended(.timedOut(limit: .seconds(1))).failure == close)
    }

    @Test(arguments: [
        Message([("n", 1)]), Message([("reply_channel", "no name"), ("method", "GET")]),
        Message([("reply_channel", "http.response.s!1"), ("reason", "left")]),
        Message([("reply_channel", "websocket.send.s!1"), ("type", "websocket.disconnect")]),
        Message([("reply_channel", "jobs.done")]),
    ])
    func whereNobodyWaitsNobodyIsTold(_ message: Message) {
        var answers = Self.answers(to: message)
        let verdict = answers.ended(.exited(3))
        #expect(verdict == .init(fault: "exit code 3", hasFailed: true, failure: nil))
    }

    @Test func elsewhereEverythingGoes() {
        var answers = Self.answers(to: Self.request, elsewhere: .channel("log"))
        for _ in 0..<2 { #expect(Self.forwards(["status": 200], by: &answers)) }
        #expect(answers.ended(.exited(3)).failure == nil)
    }

    @Test func withoutAReplyChannelALineIsDropped() {
        var answers = Self.answers(to: ["n": 1])
        guard case .drop(.name, _) = answers.line(.message(Message([("a", 1)]).payload)) else {
            Issue.record("it is forwarded")
            return
        }
    }
}
