import SeawayServer
import Testing

/// Turns of an event loop (protocol/INTERFACE.md, I37).
@Suite struct TurnLineTests {
    /// Who goes on in the next turn, each doing so much.
    private static func turn<Member>(of line: inout TurnLine<Member>, doing work: Int = 4) -> [Member] {
        line.begin()
        var members: [Member] = []
        while let member = line.next(work) { members.append(member) }
        return members
    }

    @Test("I37") func whoComesFirstGoesOnAtOnceUntilTheTurnIsOver() {
        var line = TurnLine<String>(budget: 8)
        var told: [Bool] = []
        var room: [Bool] = []
        for _ in 0..<2 {
            room.append(line.hasRoom)
            told.append(line.did(4))
        }
        #expect(room == [true, true] && told == [true, false])
        #expect(!line.hasRoom)
        line.begin()
        let isFirst = line.did(4)
        #expect(isFirst && line.hasRoom)
    }

    @Test("I37") func nobodyIsServedBeforeThoseInLine() {
        var line = TurnLine<String>(budget: 8)
        line.append("a")
        #expect(!line.hasRoom && !line.isEmpty)
        #expect(Self.turn(of: &line) == ["a"])
        #expect(line.hasRoom)
    }

    @Test("I37") func eachTurnServesTheNextOfThem() {
        var line = TurnLine<Int>(budget: 8)
        for member in 0..<5 { line.append(member) }
        let turns = (0..<3).map { _ in Self.turn(of: &line) }
        #expect(turns == [[0, 1], [2, 3], [4]])
        #expect(line.isEmpty)
    }

    @Test("I37") func whoHasMoreToDoStandsBehindAllOthers() {
        var line = TurnLine<String>(budget: 4)
        line.append("a")
        line.append("b")
        let first = Self.turn(of: &line)
        line.append("a")
        let others = (0..<2).map { _ in Self.turn(of: &line) }
        #expect(first == ["a"] && others == [["b"], ["a"]])
    }
}
