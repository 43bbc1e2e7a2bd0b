import SeawayNATS
import Testing

/// The seed of NATS's own documentation.
private let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"

@Suite struct KeyTests {
    @Test func aSeedHasItsPublicKey() throws {
        let key = try NKey(seed: seed)
        #expect(key.publicKey == "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4")
        // 64 bytes without padding; whether it is right a server says.
        #expect(key.signature(of: "nonce").utf8.count == 86)
        #expect(key.signature(of: "nonce").utf8.allSatisfy { $0 != 0x2B && $0 != 0x2F && $0 != 0x3D })
    }

    @Test(arguments: [
        "", "SU", "hello", seed.lowercased(), String(seed.dropLast()), seed + "A",
        seed.replacing("SSL", with: "SSM"),
        // A public key, and the seed of something that is no user.
        "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4",
    ])
    func damagedSeedsAreRefused(text: String) { #expect(throws: NKey.Fault.self) { try NKey(seed: text) } }

    @Test func filesOfAllKindsAreRead() throws {
        let creds = """
            -----BEGIN NATS USER JWT-----
            eyJ0.abc.def
            ------END NATS USER JWT------

            ************************* IMPORTANT *************************
            -----BEGIN USER NKEY SEED-----
            \(seed)
            ------END USER NKEY SEED------
            """
        guard case .signed("eyJ0.abc.def", _) = try NATSCredentials(file: creds) else { throw NotThat() }
        guard case .signed("eyJ0.abc.def", _) = try NATSCredentials(file: creds.replacing("\n", with: "\r\n")) else {
            throw NotThat()
        }
        guard case .key = try NATSCredentials(file: "# a key\n\(seed)\n") else { throw NotThat() }
        guard case .password("u", "p=1 2") = try NATSCredentials(file: "user=u\npassword=p=1 2\n") else {
            throw NotThat()
        }
        guard case .token("t") = try NATSCredentials(file: "token=t") else { throw NotThat() }
    }

    private struct NotThat: Error {}

    @Test(arguments: [
        "", "hello", "user=u", "password=p", "user=u\npassword=p\ntoken=t", "pass=p", "SUAB",
        "-----BEGIN NATS USER JWT-----\neyJ\n------END NATS USER JWT------\n",
    ])
    func otherFilesAreRefused(text: String) {
        #expect(throws: NATSCredentials.Fault.self) { try NATSCredentials(file: text) }
    }
}

@Suite struct AddressTests {
    @Test func addressesAreRead() throws {
        #expect(
            try NATSAddress.list("nats://a:1,b,tls://[::1]:3,d:4/,b:4222") == [
                NATSAddress(host: "a", port: 1), NATSAddress(host: "b"),
                NATSAddress(host: "::1", port: 3, needsTLS: true), NATSAddress(host: "d", port: 4),
            ])
        #expect(try NATSAddress("tls://[::1]").description == "tls://[::1]:4222")
    }

    @Test(arguments: [
        "", "a:", "a:0", "a:65536", "http://a", "nats://", "u:p@a:1", "a,", "[::1", "[::1]x", "a b:1", "a/b",
    ])
    func otherTextIsRefused(text: String) { #expect(throws: NATSAddress.Fault.self) { try NATSAddress.list(text) } }
}
