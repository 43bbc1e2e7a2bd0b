import SeawayBridge
import Testing

@Suite struct PumpLanesTests {
    private let news = Destination.group("news")
    private let log = Destination.channel("log")

    @Test func aLaneKeepsItsOrderAndBeginsOnce() {
        var lanes = PumpLanes<Int>(limits: .init(messages: 10, bytes: 1_000))
        let puts = [
            lanes.put(1, size: 1, to: self.news), lanes.put(2, size: 1, to: self.news),
            lanes.put(3, size: 1, to: self.log),
        ]
        #expect(puts == [.begun, .queued, .begun])
        #expect(lanes.first(of: self.news) == 1)
        let next = [lanes.removeFirst(of: self.news), lanes.removeFirst(of: self.news)]
        #expect(next == [2, nil])
        let again = lanes.put(4, size: 1, to: self.news)
        #expect(again == .begun)
        #expect(lanes.messages == 2)
    }

    @Test func messagesAndBytesAreBoundedOverAllLanes() {
        var lanes = PumpLanes<Int>(limits: .init(messages: 2, bytes: 10))
        let puts = [
            lanes.put(1, size: 5, to: self.news), lanes.put(2, size: 6, to: self.log),
            lanes.put(3, size: 5, to: self.log),
            lanes.put(4, size: 0, to: self.log),
        ]
        #expect(puts == [.begun, .full, .begun, .full])
        _ = lanes.removeFirst(of: self.news)
        #expect(lanes.bytes == 5)
        #expect(lanes.hasRoom(for: 5))
        #expect(!lanes.hasRoom(for: 6))
    }

    @Test func whereNothingWaitsAMessageOfAnySizeHasRoom() {
        var lanes = PumpLanes<Int>(limits: .init(messages: 1, bytes: 10))
        let put = lanes.put(1, size: Int.max, to: self.news)
        #expect(put == .begun)
        #expect(!lanes.hasRoom(for: 1))
    }
}
