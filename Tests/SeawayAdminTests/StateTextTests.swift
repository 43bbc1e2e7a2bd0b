import SeawayAdmin
import SeawayMessage
import Testing

@Suite("The snapshot") struct StateTextTests {
    private func look(_ address: String, _ answers: [String]) throws -> BrokerLook {
        var look = BrokerLook(address: address)
        let maps = try answers.map { try Message(json: $0) }
        (look.totals, look.channels, look.groups, look.connections) = (maps[0], maps[1], maps[2], maps[3])
        return look
    }

    private static let first = [
        #"{"uptime":1500,"connections":2,"channels":2,"groups":1,"sent":5,"group-full":2,"missed":1,"untold":0,"#
            + #""refused":{"full":3},"dropped":{"expired":4},"ended":{"slow":1},"limits":{"max-memory":9},"#
            + #""waits":{"bounds":[1,10],"counts":[2,0,1],"sum":70}}"#,
        #"{"channels":[{"name":"b","messages":1,"oldest":250,"readers":1,"in":3,"out":2,"dropped":0,"held":1},"#
            + #"{"name":"a","messages":0,"oldest":0,"readers":0,"in":0,"out":0,"dropped":0}]}"#,
        #"{"groups":[{"name":"room","members":2}]}"#,
        #"{"connections":[{"id":"7","client":"seaway-python","token":"web","address":"127.0.0.1:5","age":2500,"#
            + #""names":1,"unread":9},{"id":"8","client":null,"names":0,"unread":0}]}"#,
    ]

    private static let second = [
        #"{"uptime":10,"connections":1,"channels":1,"groups":1,"sent":1}"#,
        #"{"channels":[{"name":"b","messages":2,"oldest":1000,"readers":1,"in":4,"out":2,"dropped":1}]}"#,
        #"{"groups":[{"name":"room","members":2}]}"#, #"{"connections":[]}"#,
    ]

    @Test func aChannelOfSeveralBrokersIsAddedUp() throws {
        let state = Message(StateText([try self.look("x", Self.first), try self.look("y", Self.second)]).fields)
        let list = try #require(state["channels"]?.list)
        let channels = list.compactMap { $0.map }
        #expect(channels.map { $0["name"]?.string } == ["a", "b"])
        #expect(channels[1]["brokers"] == [0, 1] && channels[1]["depth"] == 3 && channels[1]["sent"] == 7)
        #expect(channels[1]["oldest"] == 1.0 && channels[1]["in_hand"] == 1 && channels[1]["dropped"] == 1)
        // Where nothing waits nothing is old.
        #expect(channels[0]["oldest"] == .null)
    }

    @Test func aGroupHasTheSameMembersEverywhere() throws {
        let state = Message(StateText([try self.look("x", Self.first), try self.look("y", Self.second)]).fields)
        #expect(state["groups"] == [["name": "room", "members": 2]])
        #expect(state["connections_total"] == 3 && state["channels_total"] == 2)
    }

    @Test func aConnectionIsWhoItIsAndHowOld() throws {
        let state = Message(StateText([try self.look("x", Self.first)]).fields)
        #expect(
            state["connections"] == [
                [
                    "broker": 0, "id": "7", "client": "seaway-python", "address": "127.0.0.1:5", "token": "web",
                    "age": 2.5, "names": 1, "pending": 9, "language": "python",
                ],
                ["broker": 0, "id": "8", "client": .null, "names": 0, "pending": 0],
            ])
    }

    @Test func aBrokerSaysWhatWasLostAndHowLongMessagesWaited() throws {
        let state = Message(StateText([try self.look("x", Self.first)]).fields)
        let broker = try #require(state["brokers"]?.list?.first?.map)
        #expect(broker["reachable"] == true && broker["reason"] == .null && broker["uptime"] == 1.5)
        #expect(
            broker["drops"] == [
                "full": 3, "group_full": 2, "expired": 4, "untold": 0, "missed": 1, "slow": 1,
            ])
        #expect(broker["totals"]?["group_full"] == 2 && broker["limits"]?["max_memory"] == 9)
        #expect(broker["waits"] == ["buckets": [0.001, 0.01], "counts": [2, 2, 3], "sum": 0.07])
    }

    @Test func aBrokerThatIsAwaySaysWhy() {
        var look = BrokerLook(address: "z")
        look.reason = "no connection"
        let state = Message(StateText([look]).fields)
        #expect(state["brokers"] == [["address": "z", "reachable": false, "reason": "no connection"]])
        #expect(state["channels"] == [] && state["channels_total"] == 0)
    }

    @Test func listsAreCutAndSayHowMuchThereIs() throws {
        let rows = (0..<StateText.most + 7).map { "{\"name\":\"c\($0)\",\"messages\":0}" }.joined(separator: ",")
        let answers = [#"{"channels":9000}"#, "{\"channels\":[\(rows)]}", #"{"groups":[]}"#, #"{"connections":[]}"#]
        let state = Message(StateText([try self.look("x", answers)]).fields)
        #expect(state["channels"]?.list?.count == StateText.most && state["channels_total"] == 9_000)
    }
}
