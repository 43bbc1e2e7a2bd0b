import NIOCore
import NIOPosix
import SeawayNIO
import Testing

@Suite("I60") struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:80", ListenAddress.tcp(ListenPlace(host: "127.0.0.1", port: 80))),
        ("[::1]:0", .tcp(ListenPlace(host: "::1", port: 0))), ("*:80", .tcp(ListenPlace(host: "*", port: 80))),
        ("unix:/run/a.sock", .unix(path: "/run/a.sock", mode: 0o600)),
        ("unix:/run/a.sock?mode=660", .unix(path: "/run/a.sock", mode: 0o660)),
        ("unix:a?b?mode=0666", .unix(path: "a?b", mode: 0o666)), ("fd:3", .descriptor(3)),
        ("systemd", .systemd(name: nil)), ("systemd:web", .systemd(name: "web")),
    ])
    func whatCanBeListenedAt(text: String, address: ListenAddress) throws {
        #expect(try ListenAddress(text) == address)
    }

    @Test(arguments: [
        ("unix:", "its path is missing"), ("unix:?mode=660", "its path is missing"),
        ("unix:a?mode=8", "what stands behind the ? is not mode= with 0 to 777, as for chmod"),
        ("unix:a?mode=1777", "what stands behind the ? is not mode= with 0 to 777, as for chmod"),
        ("unix:a?owner=me", "what stands behind the ? is not mode= with 0 to 777, as for chmod"),
        ("unix:" + String(repeating: "x", count: 108), "its path has more than 107 bytes"),
        ("fd:", "its descriptor is not 3 or more"), ("fd:2", "its descriptor is not 3 or more"),
        ("fd:x", "its descriptor is not 3 or more"), ("fd:99999999999", "its descriptor is not 3 or more"),
        ("systemd:", "its name is missing"), ("8000", "its host is missing"),
    ])
    func whatIsWrongIsSaid(text: String, fault: String) {
        #expect(throws: AddressText.Fault(description: fault)) { try ListenAddress(text) }
    }
}

@Suite("I61") struct InheritedSocketsTests {
    private func sockets(_ variables: [String: String]) throws -> InheritedSockets {
        try InheritedSockets({ variables[$0] }, process: 77)
    }

    @Test func systemdsSocketsHaveNumbersAndNames() throws {
        let some = try self.sockets(["LISTEN_PID": "77", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "web:admin:web"])
        #expect(some.all.map(\.descriptor) == [3, 4, 5])
        #expect(try some.sockets(of: "web") == [3, 5] && some.sockets(of: nil) == [3, 4, 5])
        #expect(
            throws: ListenFault(reason: "systemd has handed over no socket of this name, but admin, web")
        ) { try some.sockets(of: "other") }
        let nameless = try self.sockets(["LISTEN_PID": "77", "LISTEN_FDS": "2", "LISTEN_FDNAMES": ":a"])
        #expect(nameless.all.map(\.name) == ["unknown", "a"])
        #expect(try self.sockets(["LISTEN_PID": "77", "LISTEN_FDS": "1"]).all.map(\.name) == ["unknown"])
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "77"], ["LISTEN_PID": "78", "LISTEN_FDS": "1"],
        ["LISTEN_PID": "77", "LISTEN_FDS": "0"], ["LISTEN_PID": "77", "LISTEN_FDS": "-1"],
        ["LISTEN_PID": "77", "LISTEN_FDS": "99999999999999999999"], ["LISTEN_PID": "x", "LISTEN_FDS": "1"],
    ])
    func whatIsNotForThisProcessIsTold(variables: [String: String]) {
        #expect(throws: ListenFault.self) { try self.sockets(variables) }
    }
}
