import SeawayConfiguration
import Testing

@Suite("Contexts")
struct ClientContextsTests {
    private func context(_ broker: String, token: String? = nil) -> ClientContext {
        var context = ClientContext(brokers: [broker])
        context.token = token
        return context
    }

    @Test("are read as they were written, whatever stands in them")
    func roundTrip() throws {
        var contexts = ClientContexts()
        var first = self.context("tls://a:7411", token: "web.\"se:cr#et\\")
        first.brokers.append("unix:/run/a b.sock")
        first.tlsCA = "/ca: x.pem"
        try contexts.add("1.0", first, replaces: false)
        try contexts.add("null", self.context("b:1"), replaces: false)
        try contexts.use("null")

        let read = try ClientContexts(try contexts.text, path: "c.yaml")
        #expect(read.current == "null")
        #expect(read.all.map(\.name) == ["1.0", "null"])
        #expect(read["1.0"] == first && read["null"] == self.context("b:1"))
        #expect(read.holdsSecrets)
    }

    @Test("begin with none, and the first that is added is in use")
    func first() throws {
        var contexts = try ClientContexts("", path: "c.yaml")
        #expect(contexts.current == nil && contexts.all.isEmpty)
        try contexts.add("a", self.context("a:1"), replaces: false)
        try contexts.add("b", self.context("b:1"), replaces: false)
        #expect(contexts.current == "a" && !contexts.holdsSecrets)
        try contexts.remove("a")
        #expect(contexts.current == nil && contexts.all.map(\.name) == ["b"])
        try contexts.remove("b")
        #expect(try contexts.text == "")
    }

    @Test("are not replaced, used or removed by mistake")
    func faults() throws {
        var contexts = ClientContexts()
        try contexts.add("shop", self.context("a:1"), replaces: false)
        #expect(throws: ClientContexts.Fault.self) { try contexts.add("shop", self.context("b:1"), replaces: false) }
        #expect(contexts["shop"] == self.context("a:1"))
        try contexts.add("shop", self.context("b:1"), replaces: true)
        #expect(contexts["shop"] == self.context("b:1"))
        for name in ["", "a b", "ä", String(repeating: "a", count: 65)] {
            #expect(throws: ClientContexts.Fault.self) { try contexts.add(name, self.context("a:1"), replaces: false) }
        }
        do throws(ClientContexts.Fault) {
            try contexts.use("shpo")
            Issue.record("there is no such context")
        } catch {
            #expect(error.description == "there is no context shpo: is shop meant?")
        }
    }

    @Test(
        "that cannot be read are told with line and key",
        arguments: [
            ("contexts:\n  a:\n    brokre: x", "c.yaml:3: contexts.a.brokre: there is no such key: is broker meant?"),
            ("contexts:\n  a:\n    token: x", "c.yaml: contexts.a: its broker is missing"),
            ("current: b", "c.yaml: current: there is no context b"),
            ("other: b", "c.yaml:1: other: there is no such key: the file has current and contexts"),
            ("contexts:\n  a:\n    broker:", "c.yaml:3: contexts.a.broker: a value is missing"),
        ])
    func unreadable(_ text: String, _ told: String) {
        do throws(ConfigurationFault) {
            _ = try ClientContexts(text, path: "c.yaml")
            Issue.record("it was read")
        } catch {
            #expect(error.description == told)
        }
    }
}
