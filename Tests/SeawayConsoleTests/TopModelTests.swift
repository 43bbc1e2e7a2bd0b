import SeawayConsole
import SeawayMessage
import Testing

@Suite struct TopModelTests {
    private static func cells(_ model: TopModel, _ name: String) -> [String] {
        model.table(.channels).rows.first { $0.id == name }?.cells.map(\.text) ?? []
    }

    @Test func ratesComeFromTwoAnswersAndTheTimeBetweenThem() throws {
        var model = TopModel(brokers: ["a:1"])
        #expect(!model.hasRates)
        model.take(
            try TopAnswers.answer(at: 1_000, channels: [TopAnswers.channel("jobs", in: 100, out: 90, messages: 10)]),
            of: 0)
        #expect(Self.cells(model, "jobs") == ["jobs", "-", "-", "10", "100", "0ms", "1", "5", "0"])
        #expect(!model.hasRates)
        model.take(
            try TopAnswers.answer(
                at: 3_000,
                channels: [
                    TopAnswers.channel("jobs", in: 140, out: 140),
                    TopAnswers.channel("new", in: 8, messages: 8, oldest: 1_500),
                ]), of: 0)
        #expect(model.hasRates)
        #expect(Self.cells(model, "jobs") == ["jobs", "20.0", "25.0", "0", "0", "", "1", "5", "0"])
        #expect(Self.cells(model, "new") == ["new", "4.0", "0", "8", "80", "1.5s", "1", "5", "0"])
    }

    @Test func aChannelThatHeldNothingMeanwhileCountsFromZero() throws {
        var model = TopModel(brokers: ["a:1"])
        model.take(try TopAnswers.answer(at: 0, channels: [TopAnswers.channel("jobs", in: 500)]), of: 0)
        model.take(try TopAnswers.answer(at: 1_000, channels: [TopAnswers.channel("jobs", in: 7)]), of: 0)
        #expect(Self.cells(model, "jobs")[1] == "7.0")
    }

    @Test func aBrokerThatHasBegunAnewHasNoRatesYet() throws {
        var model = TopModel(brokers: ["a:1"])
        model.take(
            try TopAnswers.answer(
                at: 0, totals: TopAnswers.totals(epoch: "x", sent: 900), channels: [TopAnswers.channel("jobs", in: 500)]
            ),
            of: 0)
        model.take(
            try TopAnswers.answer(
                at: 1_000, totals: TopAnswers.totals(epoch: "y", sent: 5),
                channels: [TopAnswers.channel("jobs", in: 600)]),
            of: 0)
        #expect(Self.cells(model, "jobs")[1] == "-")
    }

    @Test func brokersAreAddedUpByChannelName() throws {
        var model = TopModel(brokers: ["a:1", "b:1"])
        for (broker, messages, oldest) in [(0, 3, 9_000), (1, 4, 200)] {
            for time in [0, 1_000] {
                model.take(
                    try TopAnswers.answer(
                        at: time,
                        channels: [TopAnswers.channel("jobs", in: time / 100, messages: messages, oldest: oldest)]),
                    of: broker)
            }
        }
        #expect(Self.cells(model, "jobs") == ["jobs", "20.0", "0", "7", "70", "9.0s", "2", "10", "0"])
    }

    @Test func aBrokerThatDoesNotAnswerCountsNoMore() throws {
        var model = TopModel(brokers: ["a:1", "b:1"])
        model.take(try TopAnswers.answer(channels: [TopAnswers.channel("jobs")]), of: 0)
        model.fail("no connection", of: 1)
        #expect(!model.reachesNone)
        model.fail("no connection", of: 0)
        #expect(model.reachesNone)
        #expect(model.table(.channels).rows.isEmpty)
    }

    @Test func aGroupHasItsMembersAtEveryBroker() throws {
        var model = TopModel(brokers: ["a:1", "b:1"])
        for (broker, members) in [(0, 5), (1, 4)] {
            model.take(
                BrokerAnswer(
                    time: 0, totals: try TopAnswers.totals(), list: .groups,
                    entries: try Message(json: #"{"groups":[{"name":"room","members":\#(members)}]}"#)), of: broker)
        }
        #expect(model.table(.groups).rows.map { $0.cells.map(\.text) } == [["room", "5"]])
    }

    @Test func connectionsAreNamedWithTheirBroker() throws {
        var model = TopModel(brokers: ["a:1"])
        model.take(
            BrokerAnswer(
                time: 0, totals: try TopAnswers.totals(), list: .connections,
                entries: try Message(
                    json:
                        #"{"connections":[{"id":"7","client":"web","names":2,"unread":2048},{"id":"8","client":null,"names":0,"unread":0}]}"#
                )), of: 0)
        #expect(
            model.table(.connections).rows.map { $0.cells.map(\.text) } == [
                ["web", "2", "2.0K", "7", "a:1"], ["-", "0", "0", "8", "a:1"],
            ])
    }

    @Test func numbersThatNoBrokerCanMeanDoNoHarm() throws {
        var model = TopModel(brokers: ["a:1", "b:1"])
        let odd =
            #"{"name":"\u001b[2J","messages":9223372036854775807,"bytes":-5,"oldest":"x","in":9223372036854775807,"out":null}"#
        for broker in 0...1 {
            for time in [0, 1_000] { model.take(try TopAnswers.answer(at: time, channels: [odd, "{}"]), of: broker) }
        }
        let screen = TopScreen(model: model, state: TopState(), width: 100, interval: "2s")
        #expect(screen.lines(height: 20).allSatisfy { !$0.text.contains("\u{1B}") })
    }
}
