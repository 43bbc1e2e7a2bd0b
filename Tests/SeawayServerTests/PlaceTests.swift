import NIOCore
import SeawayMessage
import SeawayNIO
import SeawayServer
import Testing

/// Who gives way where all places are taken (protocol/INTERFACE.md, I34).
@Suite struct PlaceTests {
    private static let hello: Message = ["status": 200, "content": "hello"]

    private static func candidate(_ id: Int, _ use: ConnectionUse, _ address: String?) -> GivingWay.Candidate<Int> {
        GivingWay.Candidate(id: id, use: use, order: UInt64(id), address: address.flatMap { IPAddress($0) })
    }

    @Test("I34") func theOldestOfTheAddressThatHasMostGivesWayFirst() {
        let candidates = [
            Self.candidate(1, .unused, "192.0.2.1"), Self.candidate(2, .unused, "192.0.2.2"),
            Self.candidate(3, .unused, "192.0.2.2"), Self.candidate(4, .unused, "192.0.2.2"),
            Self.candidate(5, .unused, "192.0.2.1"), Self.candidate(6, .unused, nil),
        ]
        #expect(GivingWay.order(candidates, atMost: 10) == [2, 1, 3, 4, 5, 6])
        #expect(GivingWay.order(candidates, atMost: 2) == [2, 1])
    }

    @Test("I34") func whoHasAskedForNothingGivesWayBeforeWhoHas() {
        let idle = Self.candidate(1, .idle, "192.0.2.1")
        let asking = Self.candidate(2, .asking, "192.0.2.1")
        let busy = Self.candidate(3, .busy, "192.0.2.1")
        #expect(GivingWay.order([idle, asking, busy, Self.candidate(4, .unused, "192.0.2.1")], atMost: 10) == [4])
        #expect(GivingWay.order([busy, asking, idle], atMost: 10) == [1])
        #expect(GivingWay.order([busy, asking], atMost: 10) == [2])
        #expect(GivingWay.order([busy], atMost: 10).isEmpty)
    }

    @Test("I34") func aConnectionWithoutARequestGivesItsPlaceToANewcomer() throws {
        let server = EmbeddedServer { $0.maxConnections = 2 }
        let asked = try server.connect()
        try asked.get()
        server.answer(0, Self.hello)
        #expect(try asked.output().hasPrefix("HTTP/1.1 200 "))
        let silent = try server.connect()
        let newcomer = try server.connect()
        #expect(!silent.isOpen && asked.isOpen && newcomer.isOpen)
        try newcomer.get()
        #expect(server.layer.requests.count == 2)
        let another = try server.connect()
        #expect(!asked.isOpen && newcomer.isOpen && another.isOpen)
        #expect(server.core.counters.gaveWay == [.unused: 1, .idle: 1])
        #expect(server.core.counters.refusedConnections == 0)
    }

    @Test("I34") func aHeadThatHasBegunGivesWayLast() throws {
        let server = EmbeddedServer { $0.maxConnections = 2 }
        let half = try server.connect()
        try half.send("GET / HTTP/1.1\r\n")
        let silent = try server.connect()
        let newcomer = try server.connect()
        #expect(half.isOpen && !silent.isOpen && newcomer.isOpen)
        try newcomer.get()
        let another = try server.connect()
        #expect(!half.isOpen && another.isOpen)
        #expect(server.core.counters.gaveWay == [.unused: 1, .asking: 1])
    }

    @Test("I34") func whereAllAreBusyTheNewcomerIsRefused() throws {
        let server = EmbeddedServer { $0.maxConnections = 2 }
        let first = try server.connect()
        let second = try server.connect()
        try first.get()
        try second.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhel")
        let newcomer = try server.connect()
        #expect(try newcomer.output().hasPrefix("HTTP/1.1 503 "))
        #expect(!newcomer.isOpen && first.isOpen && second.isOpen)
        #expect(server.core.counters.refusedConnections == 1 && server.core.counters.gaveWay.isEmpty)
    }

    @Test("I34") func anAnswerThatItsClientHasYetToTakeIsNotCut() throws {
        let server = EmbeddedServer { $0.maxConnections = 1 }
        let slow = try server.connect()
        try slow.get()
        slow.becomeSlow(true)
        server.answer(0, Self.hello)
        let newcomer = try server.connect()
        #expect(try newcomer.output().hasPrefix("HTTP/1.1 503 "))
        #expect(slow.isOpen)
        slow.becomeSlow(false)
        let another = try server.connect()
        #expect(!slow.isOpen && another.isOpen)
    }
}
