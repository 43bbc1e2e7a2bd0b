import SeawayConfiguration
import Testing

@Suite("A configuration file")
struct ConfigurationFileTests {
    @Test("has values as they were written, with their lines")
    func values() throws {
        let file = try file(
            """
            # a comment
            all:
              log-level: error
            broker:
              listen: [127.0.0.1:7411, unix:/tmp/s]
              max-body: 0660
            bridge:
              exec:
                from-channel: jobs
                program: [sh, -c, "echo '{}'"]
            """)
        #expect(file.find(["all", "log-level"])?.value == .text("error"))
        #expect(file.find(["broker", "listen"])?.value == .list(["127.0.0.1:7411", "unix:/tmp/s"]))
        #expect(file.find(["broker", "max-body"])?.value == .text("0660"))
        #expect(file.find(["bridge", "exec", "program"])?.value == .list(["sh", "-c", "echo '{}'"]))
        #expect(file.entries.map(\.line) == [3, 5, 6, 9, 10])
        #expect(file.faults(schema).isEmpty)
    }

    @Test("takes a map for KEY=VALUE, in its order")
    func map() throws {
        let file = try file("serve:\n  route:\n    /b: one\n    /a: two\n")
        #expect(file.find(["serve", "route"])?.value == .list(["/b=one", "/a=two"]))
        #expect(file.faults(schema).isEmpty)
    }

    @Test("may be empty, and have empty sections", arguments: ["", "# nothing\n", "broker:\n", "all: {}\n"])
    func empty(_ text: String) throws {
        let file = try file(text)
        #expect(file.entries.isEmpty && file.faults(schema).isEmpty)
    }

    @Test(
        "that is none is told with the line",
        arguments: [
            ("broker:\n\tlisten: a", 2), ("broker: [", 2), ("- a\n- b", 1), ("broker:\n  listen: a\n  listen: b", 1),
            ("broker:\n  listen: 'a", 2),
        ])
    func noYAML(_ text: String, _ least: Int) throws {
        do {
            _ = try file(text)
            Issue.record("it was read")
        } catch let fault as ConfigurationFault {
            #expect(fault.source == "s.yaml")
            #expect((fault.line ?? 0) >= least, "\(fault)")
        }
    }

    @Test(
        "names what it cannot be read with, and what is meant",
        arguments: [
            ("broker:\n  max-bdy: 2M", "s.yaml:2: broker.max-bdy: there is no such key: is max-body meant?"),
            ("brokre:\n  max-body: 2M", "s.yaml:1: brokre: there is no such key: is broker meant?"),
            ("broker:\n  route: a", "s.yaml:2: broker.route: this key stands in serve"),
            ("log-level: info", "s.yaml:1: log-level: this key stands in broker, serve"),
            ("broker:\n  max-body: [1, 2]", "s.yaml:2: broker.max-body: this takes one value: bytes"),
            ("broker:\n  max-body:", "s.yaml:2: broker.max-body: this takes one value: bytes"),
            ("serve:\n  http2: maybe", "s.yaml:2: serve.http2: this takes true or false"),
            ("serve:\n  route: [[a]]", "s.yaml:2: serve.route: this takes one value or a list of them"),
            ("broker: 127.0.0.1:7411", "s.yaml:1: broker: this is a section: its keys stand below it, indented"),
            ("bridge:\n  exce:\n    from-channel: a", "s.yaml:2: bridge.exce: there is no such key: is exec meant?"),
            ("other: 1", "s.yaml:1: other: there is no such key: there are all, broker, serve, bridge"),
        ])
    func faults(_ text: String, _ told: String) throws {
        #expect(try file(text).faults(schema).map(\.description) == [told])
    }

    @Test("with several faults has all of them told")
    func several() throws {
        let faults = try file("broker:\n  a: 1\n  max-body: 2M\n  b: 2\nnone: 3\n").faults(schema)
        #expect(faults.map(\.line) == [2, 4, 5])
    }

    @Test("that names itself again and again costs no more than it is long")
    func aliases() throws {
        let text =
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + (1..<20).map { level in
                "b\(level): &b\(level) [\(Array(repeating: level == 1 ? "*a" : "*b\(level - 1)", count: 9).joined(separator: ", "))]"
            }.joined(separator: "\n")
        #expect(try file(text).faults(schema).count == 20)
    }
}
