import SeawayAdmin
import SeawayMessage
import Testing

@Suite("The first rows of long lists") struct ListSurveyTests {
    private static func page(_ kind: String, _ entries: [Message], next: String? = nil) -> Message {
        var page: Message = [kind: .list(entries.map { .map($0) })]
        if let next { page["next"] = .string(next) }
        return page
    }

    private static func channel(_ name: String, _ depth: Int64, oldest: Int64 = 0) -> Message {
        ["name": .string(name), "messages": .int(depth), "oldest": .int(oldest)]
    }

    /// What stands under a key of the rows.
    private func rows(_ survey: ListSurvey, _ key: String = "name") -> [Value?] {
        (survey.message(isWhole: true)["rows"]?.list ?? []).map { $0[key] }
    }

    @Test func theDeepestOfManyAreFoundAndNoMoreAreKept() {
        var survey = ListSurvey(ListQuestion(.channels, by: "depth"), brokers: 1, most: 3)
        for number in 0..<99 {
            #expect(survey.wanted.map(\.after) == [number == 0 ? nil : "c\(number * 1_000 - 1)"])
            let entries = (0..<1_000).map { index in
                let place = number * 1_000 + index
                return Self.channel("c\(place)", Int64(place * 7_919 % 99_001))
            }
            survey.take(
                Self.page("channels", entries, next: number < 98 ? "c\(number * 1_000 + 999)" : nil), of: 0)
        }
        #expect(survey.wanted.isEmpty)
        #expect(self.rows(survey, "depth") == [99_000, 98_999, 98_998])
        let whole = survey.message(isWhole: true)
        #expect(whole["total"] == 99_000 && whole["matching"] == 99_000 && whole["whole"] == true)
    }

    @Test func whatSeveralBrokersSayOfAChannelIsAddedUpAcrossPages() {
        var survey = ListSurvey(ListQuestion(.channels, by: "depth"), brokers: 2, most: 10)
        survey.take(Self.page("channels", [Self.channel("a", 1), Self.channel("c", 2)], next: "c"), of: 0)
        // Nobody knows yet what the other will say of them.
        #expect(self.rows(survey).isEmpty && survey.wanted.map(\.broker) == [1])
        survey.take(Self.page("channels", [Self.channel("b", 5)], next: "b"), of: 1)
        #expect(self.rows(survey) == ["b", "a"] && survey.wanted.map(\.broker) == [1])
        survey.take(Self.page("channels", [Self.channel("c", 9), Self.channel("d", 3)]), of: 1)
        #expect(survey.wanted.map(\.broker) == [0])
        survey.take(Self.page("channels", []), of: 0)
        #expect(self.rows(survey) == ["c", "b", "d", "a"])
        #expect(self.rows(survey, "depth") == [11, 5, 3, 1])
        #expect(self.rows(survey, "brokers")[0] == [0, 1])
    }

    @Test func inboxesAreLeftOutAndCounted() {
        var survey = ListSurvey(
            ListQuestion(.channels, by: "name", isFalling: false, hidesInboxes: true), brokers: 1, most: 9)
        survey.take(
            Self.page("channels", ["a", "http.response.x!1", "web.me!", "b?c"].map { Self.channel($0, 1) }), of: 0)
        #expect(self.rows(survey) == ["a", "b?c"])
        let whole = survey.message(isWhole: true)
        #expect(whole["total"] == 2 && whole["hidden"] == 2)
    }

    @Test func aFilterLooksAtAllOfThem() {
        var survey = ListSurvey(ListQuestion(.channels, by: "depth", filter: "MAIL"), brokers: 1, most: 1)
        survey.take(
            Self.page("channels", [Self.channel("a.mail", 1), Self.channel("b", 9), Self.channel("mail", 2)]), of: 0)
        #expect(self.rows(survey) == ["mail"])
        let whole = survey.message(isWhole: false)
        #expect(whole["total"] == 3 && whole["matching"] == 2 && whole["whole"] == false)
    }

    @Test(arguments: [true, false])
    func whatIsNotKnownComesLast(isFalling: Bool) {
        var survey = ListSurvey(ListQuestion(.channels, by: "oldest", isFalling: isFalling), brokers: 1, most: 9)
        let entries = [Self.channel("a", 0), Self.channel("b", 1, oldest: 5), Self.channel("c", 1, oldest: 7)]
        survey.take(Self.page("channels", entries), of: 0)
        #expect(self.rows(survey) == (isFalling ? ["c", "b", "a"] : ["b", "c", "a"]))
    }

    @Test func aBrokerThatSaysNothingHoldsUpNoOther() {
        var survey = ListSurvey(ListQuestion(.groups, by: "members"), brokers: 2, most: 9)
        survey.take(Self.page("groups", [["name": "room", "members": 2]]), of: 1)
        #expect(self.rows(survey).isEmpty)
        survey.take(nil, of: 0)
        #expect(survey.wanted.isEmpty && self.rows(survey) == ["room"])
    }

    @Test func connectionsOfOneBrokerAloneAreFoundByAge() {
        var survey = ListSurvey(ListQuestion(.connections, by: "age", broker: 1), brokers: 2, most: 9)
        #expect(survey.wanted.map(\.broker) == [1])
        survey.take(
            Self.page(
                "connections",
                [["id": "2", "client": "seaway-go", "age": 500], ["id": "3", "client": "web", "age": 2_500]]), of: 1)
        #expect(self.rows(survey, "id") == ["3", "2"])
        #expect(self.rows(survey, "language") == [nil, "go"])
    }
}
