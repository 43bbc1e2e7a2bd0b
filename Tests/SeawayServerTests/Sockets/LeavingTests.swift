import SeawayMessage
import SeawayServer
import Testing

/// The end of many is spread, so that those who come back do not all come at once (W23).
@Suite("W23") struct LeavingTests {
    @Test func eachHasItsTurnOnceWithinTheTime() {
        var pace = LeavingPace(Array(0..<10), over: .seconds(5), from: Moment(milliseconds: 1_000))
        #expect(Array(pace.due(at: Moment(milliseconds: 1_000))) == [0])
        #expect(pace.due(at: Moment(milliseconds: 1_000)).isEmpty)
        #expect(Array(pace.due(at: Moment(milliseconds: 3_500))) == [1, 2, 3, 4, 5])
        // A clock that goes back takes nothing back.
        #expect(pace.due(at: Moment(milliseconds: 2_000)).isEmpty && !pace.isOver)
        #expect(Array(pace.due(at: Moment(milliseconds: 6_000))) == [6, 7, 8, 9] && pace.isOver)
        var all = LeavingPace([1, 2, 3], over: .zero, from: Moment(milliseconds: 0))
        #expect(Array(all.due(at: Moment(milliseconds: 0))) == [1, 2, 3] && all.isOver)
        var none = LeavingPace([Int](), over: .seconds(1), from: Moment(milliseconds: 0))
        #expect(none.due(at: Moment(milliseconds: 0)).isEmpty && none.isOver)
    }

    @Test func socketsAreClosedOneAfterAnotherInTheFirstHalfOfTheGrace() throws {
        let site = SocketSite()
        let browsers = try (0..<40).map { _ in try site.open() }
        var closed: [Int] = []
        func look() throws {
            for (index, browser) in browsers.enumerated() where !closed.contains(index) {
                guard try browser.frames() == [.close(1_001, "")] else { continue }
                closed.append(index)
                try browser.send(.close(1_001))
            }
        }
        let left = site.server.core.drain(within: .seconds(10))
        try look()
        #expect(closed.count == 1)
        var counts: [Int] = []
        for _ in 0..<10 {
            // Those whose turn has not come go on.
            site.pass(.milliseconds(500))
            try look()
            counts.append(closed.count)
        }
        #expect(counts == [5, 9, 13, 17, 21, 25, 29, 33, 37, 40])
        // In an order of their own: one of 40 × 39 × … that none would have.
        #expect(closed != Array(0..<40) && closed.sorted() == Array(0..<40))
        site.pass(.seconds(1))
        #expect(Flag(left).isSet)
    }

    @Test func aSocketWhoseTurnHasNotComeWorksOn() throws {
        let site = SocketSite()
        let browsers = [try site.open(), try site.open()]
        _ = site.server.core.drain(within: .seconds(10))
        let open = try browsers.filter { try $0.frames().isEmpty }
        #expect(open.count == 1)
        _ = site.events()
        try open.first?.send(.text("hello"))
        #expect(site.events().map(\.summary) == ["receive 1 hello"])
        open.first?.hear(["text": "yes"])
        #expect(try open.first?.frames() == [.text("yes")])
        site.server.core.abort()
        site.server.run()
        #expect(browsers.allSatisfy { !$0.isOpen })
    }
}
