import SeawayConsole
import SeawayMessage
import Testing

@Suite struct TopStateTests {
    private static func table(_ counts: [String: Int]) throws -> TopTable {
        var model = TopModel(brokers: ["a:1"])
        let channels = counts.map { TopAnswers.channel($0.key, messages: $0.value) }
        model.take(try TopAnswers.answer(channels: channels), of: 0)
        return model.table(.channels)
    }

    private static func press(_ state: inout TopState, _ keys: Key..., table: TopTable) -> TopState.Effect {
        keys.reduce(.nothing) { _, key in state.press(key, table: table, page: 2) }
    }

    @Test func rowsAreSortedByTheNextColumnAndTheOneBefore() throws {
        let table = try Self.table(["b": 3, "a": 1, "c": 2])
        var state = TopState()
        // Nothing came and nothing went: the next column that differs decides.
        #expect(state.rows(of: table).map(\.id) == ["b", "c", "a"])
        _ = Self.press(&state, .left, table: table)
        #expect(state.rows(of: table).map(\.id) == ["a", "b", "c"])
        _ = Self.press(&state, .left, table: table)
        #expect(state.column == table.columns.count - 1)
        _ = Self.press(&state, .right, .character("s"), table: table)
        #expect(state.column == 1)
    }

    @Test func theSelectionStaysOnItsRowWhenTheOrderChanges() throws {
        let before = try Self.table(["a": 3, "b": 2, "c": 1])
        var state = TopState()
        _ = Self.press(&state, .down, table: before)
        #expect(state.selection(in: state.rows(of: before)) == 1)
        let rows = state.rows(of: try Self.table(["a": 3, "b": 9, "c": 1]))
        #expect(state.selection(in: rows) == 0)
        #expect(rows[0].id == "b")
        #expect(state.selection(in: state.rows(of: try Self.table(["a": 3]))) == 0)
        #expect(state.selection(in: []) == nil)
    }

    @Test func theSelectionEndsAtTheEnds() throws {
        let table = try Self.table(["a": 3, "b": 2, "c": 1])
        var state = TopState()
        for (key, index) in [
            (Key.up, 0), (.pageDown, 2), (.down, 2), (.home, 0), (.end, 2), (.pageUp, 0),
        ] {
            _ = Self.press(&state, key, table: table)
            #expect(state.selection(in: state.rows(of: table)) == index)
        }
    }

    @Test func aFilterKeepsNamesThatHoldIt() throws {
        let table = try Self.table(["jobs.mail": 3, "jobs.print": 2, "http.request": 1])
        var state = TopState()
        _ = Self.press(
            &state, .character("/"), .character("J"), .character("o"), .character("q"), .backspace, table: table)
        #expect(state.isTyping)
        #expect(state.filter == "Jo")
        #expect(state.rows(of: table).map(\.id) == ["jobs.mail", "jobs.print"])
        _ = Self.press(&state, .enter, table: table)
        #expect(!state.isTyping)
        _ = Self.press(&state, .escape, table: table)
        #expect(state.rows(of: table).count == 3)
    }

    @Test func enterLooksIntoTheSelectedChannelAndEscapeComesBack() throws {
        let table = try Self.table(["a": 2, "b": 1])
        var state = TopState()
        #expect(Self.press(&state, .down, .enter, table: table) == .ask)
        #expect(state.target == .channel("b"))
        #expect(Self.press(&state, .down, .up, .up, table: table) == .nothing)
        #expect(state.scroll == 0)
        #expect(Self.press(&state, .escape, table: table) == .ask)
        #expect(state.view == .list)
        #expect(state.selection(in: state.rows(of: table)) == 1)
    }

    @Test func listsAreChangedAndAskedFor() throws {
        let table = try Self.table([:])
        var state = TopState()
        for (key, list) in [("g", TopList.groups), ("g", .channels), ("c", .connections), ("g", .groups)] {
            #expect(Self.press(&state, .character(Character(key)), table: table) == .ask)
            #expect(state.list == list)
        }
        #expect(Self.press(&state, .enter, table: table) == .nothing)
    }

    @Test func helpAndPauseAreThereAndGoAgain() throws {
        let table = try Self.table([:])
        var state = TopState()
        _ = Self.press(&state, .character("h"), table: table)
        #expect(state.view == .help)
        _ = Self.press(&state, .character("x"), table: table)
        #expect(state.view == .list)
        _ = Self.press(&state, .character("p"), table: table)
        #expect(state.isPaused)
        _ = Self.press(&state, .character("p"), table: table)
        #expect(!state.isPaused)
    }

    @Test func qQuitsButNotWhileTypingAndInterruptAlways() throws {
        let table = try Self.table(["a": 1])
        var state = TopState()
        #expect(Self.press(&state, .character("q"), table: table) == .quit)
        #expect(Self.press(&state, .enter, .character("q"), table: table) == .quit)
        _ = Self.press(&state, .escape, .character("/"), table: table)
        #expect(Self.press(&state, .character("q"), table: table) == .nothing)
        #expect(Self.press(&state, .interrupt, table: table) == .quit)
    }
}

@Suite struct KeyTests {
    @Test(arguments: [
        ("q", [Key.character("q")]), ("\u{1B}[A\u{1B}OB", [.up, .down]), ("\u{1B}", [.escape]), ("\r", [.enter]),
        ("\u{1B}[5~\u{1B}[6~x", [.pageUp, .pageDown, .character("x")]),
        ("\u{7F}\u{03}\u{0C}", [.backspace, .interrupt, .redraw]),
        ("\u{1B}[1;5Cq", [.character("q")]), ("\u{1B}[", []), ("ü", [.character("ü")]), ("\u{01}\u{00}", []), ("", []),
    ])
    func whatATerminalSendsIsReadAsKeys(text: String, keys: [Key]) { #expect(Key.keys(in: Array(text.utf8)) == keys) }

    @Test func bytesThatAreNoTextDoNoHarm() {
        for byte in UInt8.min...UInt8.max { _ = Key.keys(in: [0x1B, 0x5B, byte, byte]) }
        #expect(Key.keys(in: [0x71, 0x1B, 0x5B]) == [.character("q")])
    }
}
