import SeawayConsole
import SeawayMessage
import Testing

@Suite struct AnswerTableTests {
    private static func answer(_ json: String, _ broker: String = "a:7411") throws -> AnswerTable.Answer {
        AnswerTable.Answer(broker: broker, map: try Message(json: json))
    }

    @Test func aPageHasAColumnForEachKey() throws {
        let page = try Self.answer(
            #"{"channels":[{"name":"jobs","messages":12,"oldest":61000,"paused":false},{"name":"x!1","messages":1,"oldest":0,"paused":true}],"next":"x!1"}"#
        )
        #expect(
            AnswerTable.page([page], list: "channels") == [
                "NAME  MESSAGES  OLDEST  PAUSED", "jobs        12   1m01s  no", "x!1          1     0ms  yes",
                "… and more: see --limit",
            ])
        #expect(AnswerTable.page([try Self.answer(#"{"groups":[]}"#)], list: "groups") == ["no groups"])
    }

    @Test func severalBrokersAreNamed() throws {
        let pages = [
            try Self.answer(#"{"groups":[{"name":"room","members":2}]}"#, "a:1"),
            try Self.answer(#"{"groups":[{"name":"room","members":3}]}"#, "b:1"),
        ]
        #expect(
            AnswerTable.page(pages, list: "groups") == [
                "BROKER  NAME  MEMBERS", "a:1     room        2", "b:1     room        3",
            ])
        #expect(pages[0].json(among: 2) == #"{"broker":"a:1","groups":[{"name":"room","members":2}]}"#)
        #expect(pages[0].json(among: 1) == #"{"groups":[{"name":"room","members":2}]}"#)
    }

    @Test func whatWaitsIsShownOldestFirst() throws {
        let answer = try Self.answer(
            #"{"channel":"jobs","messages":2,"bytes":70000,"readers":0,"paused":false,"head":[{"age":1500,"left":58500,"bytes":7,"message":{"n":1}},{"age":20,"left":59980,"bytes":69993,"message":null}]}"#
        )
        #expect(
            AnswerTable.channel([answer]) == [
                "jobs: 2 messages, 70000 bytes, 0 readers", " AGE  LEFT  BYTES  MESSAGE",
                "1.5s   58s      7  {\"n\":1}", "20ms   59s  69993  (too long to be shown)",
            ])
    }

    @Test func whatOnlySomeEntriesHaveIsAColumnToo() throws {
        let page = try Self.answer(#"{"channels":[{"name":"a"},{"name":"jobs","held":3,"delayed":1}]}"#)
        #expect(
            AnswerTable.page([page], list: "channels") == [
                "NAME  HELD  DELAYED", "a        -        -", "jobs     3        1",
            ])
    }

    static let graves =
        #"{"channel":"jobs.dead","messages":2,"bytes":14,"readers":0,"paused":false,"head":[{"age":90000,"left":null,"times":5,"dead":"tries","tries":5,"since":61000,"bytes":7,"message":{"n":1}},{"age":20,"left":10,"dead":"nak","tries":1,"since":20,"why":"no%20address","bytes":7,"message":{"n":2}}]}"#

    @Test func deadLettersSayWhenAndWhy() throws {
        let answer = try Self.answer(Self.graves)
        #expect(
            AnswerTable.deadLetters([answer]) == [
                " DEAD  TRIES  CAUSE  WHY         MESSAGE", "1m01s      5  tries  -           {\"n\":1}",
                " 20ms      1  nak    no address  {\"n\":2}",
            ])
        #expect(AnswerTable.deadLetters([try Self.answer(#"{"head":[]}"#)]) == ["no dead letters"])
    }

    @Test func aLookAtAChannelSaysHowOftenAMessageWasGivenOut() throws {
        let lines = AnswerTable.channel([try Self.answer(Self.graves)])
        #expect(
            Array(lines.dropFirst()) == [
                "  AGE  LEFT  TIMES  DEAD   TRIES  WHY         BYTES  MESSAGE",
                "1m30s     -      5  tries      5  -               7  {\"n\":1}",
                " 20ms  10ms      -  nak        1  no address      7  {\"n\":2}",
            ])
    }

    @Test func aMemberOfSeveralBrokersIsListedOnce() throws {
        let answers = [
            try Self.answer(#"{"group":"room","total":2,"members":["b","c"]}"#, "a:1"),
            try Self.answer(#"{"group":"room","total":2,"members":["a","c"]}"#, "b:1"),
        ]
        #expect(AnswerTable.members(answers) == ["a", "b", "c"])
    }
}

@Suite struct TotalsTableTests {
    private static func table(_ jsons: String...) throws -> TotalsTable {
        TotalsTable(
            try jsons.enumerated().map {
                AnswerTable.Answer(broker: "\($0.offset):7411", map: try Message(json: $0.element))
            })
    }

    @Test func oneBrokerIsAListOfKeys() throws {
        let table = try Self.table(#"{"epoch":"x1","uptime":65000,"sent":12,"refused":{"full":3}}"#)
        #expect(
            table.lines() == [
                "epoch            x1", "uptime        1m05s", "sent             12", "refused.full      3",
            ])
    }

    @Test func severalBrokersStandSideBySideWithTheirSum() throws {
        let table = try Self.table(
            #"{"epoch":"x","sent":1,"dropped":{},"accepted":1}"#,
            #"{"epoch":"y","sent":2,"dropped":{"expired":5},"accepted":1}"#)
        #expect(
            table.lines() == [
                "                 0:7411  1:7411  sum", "epoch                 x       y",
                "sent                  1       2    3",
                "accepted              1       1    2", "dropped.expired       0       5    5",
            ])
    }

    @Test func countersHaveARate() throws {
        let before = try Self.table(#"{"messages":5,"sent":10}"#)
        let after = try Self.table(#"{"messages":7,"sent":60,"refused":{"full":1}}"#)
        #expect(
            after.lines(since: before, seconds: 2) == [
                "              0:7411  per second", "messages           7", "sent              60        25.0",
                "refused.full       1         0.5",
            ])
    }

    @Test func aBrokerThatHasBegunAnewCountsFromZero() throws {
        let lines = try Self.table(#"{"sent":4}"#).lines(since: try Self.table(#"{"sent":1000}"#), seconds: 1)
        #expect(lines.last == "sent       4         4.0")
    }

    @Test func aBrokerThatGoesOrComesIsNoGrowth() throws {
        let both = try Self.table(#"{"sent":4}"#, #"{"sent":1000}"#)
        let one = try Self.table(#"{"sent":6}"#)
        #expect(one.lines(since: both, seconds: 1).last == "sent       6         2.0")
        #expect(both.lines(since: try Self.table(#"{"sent":1}"#), seconds: 1).last?.hasSuffix(" 3.0") == true)
    }
}
