import NIOCore
import SeawayNIO
import Testing

@Suite struct IPNetworkTests {
    @Test(
        "I64",
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "192.0.2.7", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.7", false), ("::1", "::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("192.168.0.128/25", "192.168.0.127", false), ("192.168.0.128/25", "192.168.0.128", true),
        ])
    func aNetworkHoldsWhatBeginsLikeIt(network: String, address: String, isHeld: Bool) throws {
        #expect(try IPNetwork(network).contains(try #require(IPAddress(address))) == isHeld)
    }

    @Test(
        "I64",
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/+8", "::/129", "10.0.0/8",
            "10.0.0.1/8", "example.org", "fe80::1%lo", "010.0.0.0/8", "10.0.0.0/008 ", "unix ",
        ])
    func whatIsNoneIsTold(text: String) {
        #expect(throws: IPNetwork.Fault.self) { try TrustedPeers(text) }
    }

    @Test("I64") func aUnixSocketIsTrustedByItsName() throws {
        var peers = try TrustedPeers("10.0.0.0/8")
        #expect(!peers.contains(nil))
        peers += try TrustedPeers("unix")
        #expect(peers.contains(nil) && peers.contains(IPAddress("10.0.0.1")))
        #expect(!peers.contains(IPAddress("192.0.2.1")))
    }

    @Test(arguments: ["192.0.2.7", "2001:db8::1", "::1", "::", "255.255.255.255", "1:2:3:4:5:6:7:8"])
    func anAddressIsWrittenInOneForm(text: String) throws {
        #expect(try #require(IPAddress(text)).description == text)
        #expect(IPAddress(try SocketAddress(ipAddress: text, port: 1)) == IPAddress(text))
    }

    @Test("I68") func aClientOfIPv6HasItsNetwork() throws {
        let one = try #require(IPAddress("2001:db8:1:2:3:4:5:6"))
        #expect(one.clientNetwork == IPAddress("2001:db8:1:2:ffff::1")?.clientNetwork)
        #expect(one.clientNetwork != IPAddress("2001:db8:1:3::1")?.clientNetwork)
        #expect(IPAddress("192.0.2.7")?.clientNetwork != IPAddress("192.0.2.8")?.clientNetwork)
    }
}
