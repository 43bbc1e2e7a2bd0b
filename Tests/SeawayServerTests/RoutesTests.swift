import SeawayServer
import Testing

@Suite("Routes (I3, I4)") struct RoutesTests {
    static let routes = [
        "/python=http.request.python", "/python/fast=http.request.go", "example.org/=site.org",
        "example.org/python=http.request.org", "[::1]/six=six",
    ]

    @Test(arguments: [
        ("/python", nil, "http.request.python"),
        ("/python/", nil, "http.request.python"),
        ("/python/x", "localhost:8000", "http.request.python"),
        ("/pythonic", nil, "http.request"),
        ("/python/fast", nil, "http.request.go"),
        ("/python/faster", nil, "http.request.python"),
        ("/", nil, "http.request"),
        ("*", nil, "http.request"),
        ("/python/fast", "example.org", "http.request.org"),
        ("/moon", "EXAMPLE.org:8000", "site.org"),
        ("/six", "[::1]:8000", "six"),
        ("/six", "[::2]", "http.request"),
    ])
    func aHostComesFirstThenTheLongestPrefix(path: String, host: String?, channel: String) throws {
        #expect(try Routes<RequestRoute>(Self.routes).match(host: host, path: path).channel == channel)
    }

    @Test(arguments: [
        ("/=http.request", "http.disconnect"), ("/=http.request.python", "http.disconnect.python"),
        ("/=jobs", "jobs.disconnect"),
    ])
    func aDisconnectChannelStandsBesideEachRequestChannel(route: String, channel: String) throws {
        #expect(try Routes<RequestRoute>([route]).match(host: nil, path: "/").disconnectChannel == channel)
    }

    @Test(arguments: [
        "", "/python", "python=x", "=x", "/python=", "/a=b!c", "/a=b?c", "/a=b c",
        "/a=\(String(repeating: "x", count: 241))",
    ])
    func aMalformedRouteIsNamed(text: String) {
        let error = #expect(throws: RouteError.self) { try Routes<RequestRoute>([text]) }
        #expect(error?.description.hasPrefix("route '\(text)': ") == true)
    }

    @Test func theSameHostAndPrefixTwiceIsAnError() {
        #expect(throws: RouteError.self) { try Routes<RequestRoute>(["/a=x", "/a/=y"]) }
        #expect(throws: Never.self) {
            try Routes<RequestRoute>(["/a=x", "h/a=y", "/a=\(String(repeating: "x", count: 240))"].dropLast())
        }
    }
}
