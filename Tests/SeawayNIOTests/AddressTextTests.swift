import SeawayNIO
import Testing

@Suite struct AddressTextTests {
    @Test(arguments: [
        ("127.0.0.1:7411", "127.0.0.1", 7_411), ("[::1]:0", "::1", 0), ("*:80", "*", 80),
        ("broker.example.org:65535", "broker.example.org", 65_535),
    ])
    func aHostAndAPort(text: String, host: String, port: Int) throws {
        let address = try AddressText(text)
        #expect((address.host, address.port) == (host, port))
    }

    @Test(arguments: [
        ("7411", "its host is missing"), (":7411", "its host is missing"), ("127.0.0.1", "its port is missing"),
        ("localhost:", "its port is missing"), ("localhost:http", "its port is not 1 to 65535"),
        ("a:65536", "its port is not 1 to 65535"), ("a:0", "its port is not 1 to 65535"),
        ("a:+1", "its port is not 1 to 65535"), ("", "it is empty"), ("[::1]", "its port is missing"),
        ("[::1:7411", "its ] is missing"), ("[a]:1", "what stands in [] is no IPv6 address"),
        ("::1:7411", "an IPv6 address stands in brackets, as [::1]:7411"),
    ])
    func whatIsMissingIsSaid(text: String, fault: String) {
        #expect(throws: AddressText.Fault(description: fault)) { try AddressText(text, ports: 1...65_535) }
    }

    @Test func theSentenceNamesWhatWasGivenAndWhatIsAllowed() throws {
        let fault = try #require(throws: AddressText.Fault.self) { try AddressText("7411") }
        #expect(
            fault.sentence(about: "7411", forms: "HOST:PORT or unix:PATH")
                == "7411 is no address, its host is missing: HOST:PORT or unix:PATH; for example 127.0.0.1:7411")
    }
}
