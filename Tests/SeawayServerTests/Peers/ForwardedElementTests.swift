import SeawayNIO
import SeawayServer
import Testing

/// RFC 7239 by its own examples, and what is not in order (I65).
@Suite("I65") struct ForwardedElementTests {
    private static func address(_ text: String, _ port: Int = 0) -> ForwardedElement.Node {
        IPAddress(text).map { .address($0, port: port) } ?? .none
    }

    /// Of the RFC's sections 4, 6.3 and 7.1 to 7.5.
    static let examples: [(text: String, elements: [ForwardedElement])] = [
        (#"for="_gazonk""#, [.init(node: .hidden)]),
        (#"For="[2001:db8:cafe::17]:4711""#, [.init(node: address("2001:db8:cafe::17", 4_711))]),
        ("for=192.0.2.60;proto=http;by=203.0.113.43", [.init(node: address("192.0.2.60"), scheme: "http")]),
        (
            "for=192.0.2.43, for=198.51.100.17",
            [.init(node: address("198.51.100.17")), .init(node: address("192.0.2.43"))]
        ),
        (#"for=_hidden, for=_SEVKISEK"#, [.init(node: .hidden), .init(node: .hidden)]),
        (
            #"for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown"#,
            [.init(node: .hidden), .init(node: address("2001:db8:cafe::17")), .init(node: address("192.0.2.43"))]
        ),
        (#"for="192.0.2.43:47011""#, [.init(node: address("192.0.2.43", 47_011))]),
        (#"for="_gazonk:_port""#, [.init(node: .hidden)]),
        (#"for="192.0.2.43:_port""#, [.init(node: address("192.0.2.43"))]),
        (
            #"for=192.0.2.43, for="[2001:db8:cafe::17]""#,
            [.init(node: address("2001:db8:cafe::17")), .init(node: address("192.0.2.43"))]
        ),
        (
            "for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com",
            [
                .init(node: address("198.51.100.17"), scheme: "http", host: "example.com"),
                .init(node: address("192.0.2.43")),
            ]
        ),
        // Not of the RFC: what is left out of lists and pairs, and what quotation marks hold.
        ("for=192.0.2.1;;proto=https;", [.init(node: address("192.0.2.1"), scheme: "https")]),
        (#"host="a.example:8443";proto=WSS"#, [.init(scheme: "https", host: "a.example:8443")]),
        (#"x="a, for=192.0.2.9";for=192.0.2.1"#, [.init(node: address("192.0.2.1"))]),
        (#"x="a\", b";for=192.0.2.1"#, [.init(node: address("192.0.2.1"))]),
        ("for=192.0.2.1:80", [.init(node: address("192.0.2.1", 80))]),
    ]

    static func all(of text: String) -> [ForwardedElement?] {
        var rest = text[...]
        var elements: [ForwardedElement?] = []
        while !rest.isEmpty {
            let (element, before) = ForwardedElement.last(of: rest)
            elements.append(element)
            rest = before
        }
        return elements
    }

    @Test(arguments: examples.indices) func anExampleIsRead(index: Int) {
        let (text, elements) = Self.examples[index]
        #expect(Self.all(of: text) == elements)
    }

    @Test(arguments: [
        "for", "for=", "=192.0.2.1", #"for="192.0.2.1"#, "for=192.0.2.1;for=192.0.2.2", "for=192.0.2.1 proto=http",
        "for = 192.0.2.1", "for=192.0.2.1/8", #"for="a\"#, #"for=a"b""#, "f(r=a", "\u{e9}=a",
        #"x=""# + String(repeating: "x", count: 600) + "\"",
    ])
    func whatIsNoElementEndsTheWay(text: String) {
        #expect(Self.all(of: text) == [nil])
        // What stands before it is read by nobody; what stands behind it is read first.
        #expect(Self.all(of: "for=192.0.2.1," + text).first == .some(nil))
        #expect(Self.all(of: text + ", for=192.0.2.1").first == ForwardedElement(node: Self.address("192.0.2.1")))
    }

    @Test(arguments: [
        "example.org", "192.0.2.256", "[192.0.2.1]", "[2001:db8::1", "2001:db8::1]", "[2001:db8::1]x", "[::1%lo]",
        "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:80:80", "_", "_a b", "unknown:x", "",
    ])
    func whatIsNoNodeIsNobody(text: String) {
        #expect(ForwardedElement.Node(identifier: text[...]) == .none)
    }

    @Test(arguments: [
        ("2001:db8::1", "2001:db8::1", 0), ("[2001:db8::1]:80", "2001:db8::1", 80), ("192.0.2.1:80", "192.0.2.1", 80),
        ("::ffff:192.0.2.1", "192.0.2.1", 0),
    ])
    func addressesComeInManyForms(text: String, address: String, port: Int) {
        #expect(ForwardedElement.Node(identifier: text[...]) == Self.address(address, port))
    }

    @Test func noBytesTrapAndAllIsReadInOneWay() {
        var generator = SystemRandomNumberGenerator()
        let pieces = Array(#"for=,;"\[]: 192.0.2.1unknown_proto=http\t2001:db8::"#)
        for _ in 0..<5_000 {
            let text = String(
                (0..<Int.random(in: 0...60, using: &generator)).map { _ in pieces.randomElement() ?? "x" })
            let elements = Self.all(of: text)
            #expect(elements.count <= text.count)
            // A proxy's own is read whatever stands before.
            #expect(
                Self.all(of: text + ",for=192.0.2.77").first
                    == ForwardedElement(node: Self.address("192.0.2.77")), "\(text)")
        }
        for (text, _) in Self.examples { for end in text.indices { _ = Self.all(of: String(text[..<end])) } }
    }
}
