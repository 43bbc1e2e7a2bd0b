import SeawayConsole
import SeawayMessage
import Testing

@Suite struct TopScreenTests {
    private static func model(
        _ brokers: [String] = ["a:7411"], channels: [String], look: (TopTarget, String)? = nil
    ) throws -> TopModel {
        var model = TopModel(brokers: brokers)
        for broker in brokers.indices {
            for (time, sent) in [(0, 10), (2_000, 50)] {
                let totals = try TopAnswers.totals(sent: sent, refused: #"{"full":\#(sent)}"#)
                model.take(try TopAnswers.answer(at: time, totals: totals, channels: channels, look: look), of: broker)
            }
        }
        return model
    }

    private static func screen(_ model: TopModel, _ state: TopState = .init(), width: Int = 80) -> TopScreen {
        TopScreen(model: model, state: state, width: width, interval: "2s")
    }

    @Test func aPictureHasSumsThenChannelsThenKeys() throws {
        let model = try Self.model(channels: [
            TopAnswers.channel("jobs", in: 7, messages: 7, oldest: 1_500), TopAnswers.channel("x!1", paused: true),
        ])
        let lines = Self.screen(model, width: 90).lines(height: 10)
        #expect(
            lines.map(\.text) == [
                "seaway top  a:7411  up 1m05s  every 2s" + String(repeating: " ", count: 52),
                "waiting 12 (2.0K)  sent 20.0/s  delivered 20.0/s  stored 0/s  told 0/s",
                "memory 4.0K of 1.0G  connections 3  channels 2  groups 1  memberships 2  watches 0",
                "refused: full 50 (20.0/s)  dropped: none  ended: none",
                "CHANNEL                   IN/S▼   OUT/S  WAITING   BYTES  OLDEST  READERS  CREDIT  DROPPED",
                "jobs                          0       0        7      70    1.5s        1       5        0",
                "x!1 (paused)                  0       0        0       0                1       5        0", "", "",
                "q quit  s sort  / filter  enter look  g groups  c connections  p pause  h help            ",
            ])
        #expect(lines.map(\.style) == [.title, .plain, .plain, .plain, .bar, .selected, .plain, .plain, .plain, .bar])
    }

    @Test func everyBrokerHasALineWhenThereAreSeveral() throws {
        var model = try Self.model(["a:7411", "b.example:7411"], channels: [TopAnswers.channel("jobs")])
        model.fail("no connection to b.example:7411", of: 1)
        let lines = Self.screen(model, width: 120).lines(height: 20)
        #expect(lines[0].text.hasPrefix("seaway top  2 brokers  every 2s"))
        #expect(
            lines[1].text
                == "a:7411          up 1m05s  sent 20.0/s  delivered 20.0/s  waiting 12  memory 4.0K  connections 3")
        #expect(lines[2].text.hasPrefix("b.example:7411  no connection to b.example:7411"))
        #expect(lines[2].style == .warning)
    }

    @Test(arguments: [
        (#"{"state":"away","where":"nobody answers"}"#, true), (#"{"state":"connected","where":"n1"}"#, false),
    ])
    func aStoreThatIsAwayIsSaid(store: String, isAway: Bool) throws {
        var model = TopModel(brokers: ["a:7411"])
        model.take(try TopAnswers.answer(totals: try TopAnswers.totals(store: store), channels: []), of: 0)
        let lines = Self.screen(model).lines(height: 10)
        let warnings = lines.filter { $0.style == .warning }.map(\.text)
        #expect(warnings.count == (isAway ? 1 : 0))
        #expect(warnings.allSatisfy { $0.hasPrefix("a:7411  its store is away: nobody answers ") })
    }

    @Test(arguments: [0, 1, 2, 5, 6, 7, 24, 60], [1, 10, 40, 80, 200])
    func aPictureFitsItsTerminalExactly(height: Int, width: Int) throws {
        let target = TopTarget.channel("日本")
        let look = #"{"channel":"x","messages":1,"head":[{"age":1,"left":2,"bytes":3,"message":{"t":"日本語日本語日本語"}}]}"#
        let model = try Self.model(
            channels: (0..<40).map { TopAnswers.channel("channel.\($0)", messages: $0) }, look: (target, look))
        var look1 = TopState()
        _ = look1.press(.enter, table: model.table(.channels), page: 5)
        var help = TopState()
        _ = help.press(.character("h"), table: model.table(.channels), page: 5)
        for state in [TopState(), look1, help] {
            let lines = Self.screen(model, state, width: width).lines(height: height)
            #expect(lines.count == height)
            #expect(lines.allSatisfy { DisplayWidth.of($0.text) <= width })
        }
    }

    @Test func columnsGiveWayBeforeNamesDo() throws {
        let model = try Self.model(channels: [TopAnswers.channel("a.rather.long.name", messages: 7)])
        let lines = Self.screen(model, width: 41).lines(height: 8).map(\.text)
        #expect(lines[4] == "CHANNEL            IN/S▼   OUT/S  WAITING")
        #expect(lines[5] == "a.rather.long.n…       0       0        7")
    }

    @Test func theSelectedRowIsAlwaysShown() throws {
        let model = try Self.model(channels: (10..<40).map { TopAnswers.channel("c\($0)", messages: 100 - $0) })
        var state = TopState()
        let screen = Self.screen(model, state)
        let page = screen.page(height: 12)
        for expected in [1, 1 + page, 29] {
            _ = state.press(
                expected == 1 ? .down : expected == 29 ? .end : .pageDown, table: model.table(.channels), page: page)
            let selected = Self.screen(model, state).lines(height: 12).filter { $0.style == .selected }
            #expect(selected.count == 1)
            #expect(selected.first?.text.hasPrefix("c\(10 + expected)") == true)
        }
    }

    @Test func aLookShowsWhatWaits() throws {
        let target = TopTarget.channel("jobs")
        let model = try Self.model(
            channels: [TopAnswers.channel("jobs")],
            look: (
                target,
                #"{"channel":"jobs","messages":1,"bytes":7,"readers":0,"paused":false,"head":[{"age":1500,"left":58500,"bytes":7,"message":{"n":1}}]}"#
            ))
        var state = TopState()
        #expect(state.press(.enter, table: model.table(.channels), page: 5) == .ask)
        let lines = Self.screen(model, state).lines(height: 9).map(\.text)
        #expect(lines[4].hasPrefix("channel jobs"))
        #expect(
            lines[5...7] == [
                "jobs: 1 messages, 7 bytes, 0 readers", " AGE  LEFT  BYTES  MESSAGE", "1.5s   58s      7  {\"n\":1}",
            ])
    }

    @Test func whatIsMissingIsSaid() throws {
        #expect(Self.screen(TopModel(brokers: ["a:1"])).lines(height: 9)[1].text == "asking …")
        let empty = Self.screen(try Self.model(channels: [])).lines(height: 9)
        #expect(empty[5].text == "no channels")
        let filtered = Self.screen(
            try Self.model(channels: [TopAnswers.channel("jobs")]), TopState(filter: "nothing")
        ).lines(height: 9)
        #expect(filtered[5].text == "no channels of that name")
        // STATS says that there are two.
        let cut = Self.screen(try Self.model(channels: [TopAnswers.channel("jobs")])).lines(height: 9)
        #expect(cut[6].text == "… 1 of 2 channels were asked for: see --limit")
    }

    @Test func aPictureForAFileHasAllRowsAndNoKeys() throws {
        let model = try Self.model(channels: (0..<100).map { TopAnswers.channel("c\($0)") })
        let text = Self.screen(model).text
        #expect(text.count == 4 + 1 + 100)
        #expect(text.allSatisfy { !$0.hasSuffix(" ") })
    }
}
