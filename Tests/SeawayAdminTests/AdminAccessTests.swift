import NIOHTTP1
import SeawayAdmin
import Testing

@Suite("Who may ask") struct AdminAccessTests {
    private func status(
        _ rule: AdminAccess.Rule, _ route: AdminRoute, _ fields: [(String, String)]
    ) -> HTTPResponseStatus? {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: HTTPHeaders(fields))
        return AdminAccess(rule).refusal(of: head, for: route)?.status
    }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST:9411", true), ("127.0.0.1:9411", true), ("127.3.2.1", true),
        ("[::1]:9411", true), ("[::ffff:127.0.0.1]", true),
        // Names that somebody has had lead here, and addresses of others.
        ("example.org", false), ("localhost.example.org", false), ("127.0.0.1.example.org", false), ("10.0.0.1", false),
        ("[2001:db8::1]", false), ("127.0.0.256", false), ("127.1", false), ("", false), ("[::1", false),
    ])
    func withoutATokenOnlyNamesOfThisMachineAreAnswered(host: String, isTaken: Bool) {
        #expect((self.status(.thisMachine, .state, [("host", host)]) == nil) == isTaken)
        #expect((self.status(.thisMachine, .page("/"), [("host", host)]) == nil) == isTaken)
    }

    /// As health checks by hand do.
    @Test func whoNamesNoHostIsNoBrowser() {
        #expect(self.status(.thisMachine, .metrics, []) == nil)
        #expect(self.status(.thisMachine, .metrics, [("origin", "http://127.0.0.1")]) == .forbidden)
    }

    @Test(arguments: [
        (("origin", "http://127.0.0.1:9411"), true), (("sec-fetch-site", "same-origin"), true),
        (("sec-fetch-site", "none"), true), (("origin", "http://example.org"), false), (("origin", "null"), false),
        // Another program's page on the same machine is another site.
        (("origin", "http://127.0.0.1:8000"), false), (("sec-fetch-site", "cross-site"), false),
        (("sec-fetch-site", "same-site"), false),
    ])
    func withoutATokenNoOtherSiteMakesRequests(field: (String, String), isTaken: Bool) {
        let fields = [("host", "127.0.0.1:9411"), field]
        #expect((self.status(.thisMachine, .send, fields) == nil) == isTaken)
        #expect((self.status(.thisMachine, .state, fields) == nil) == isTaken)
        // Nothing is told by the page itself: a link may lead there.
        #expect(self.status(.thisMachine, .page("/"), fields) == nil)
    }

    @Test(arguments: [
        ([("authorization", "Bearer abc")], true), ([("authorization", "bearer  abc ")], true), ([], false),
        ([("authorization", "Bearer abd")], false), ([("authorization", "Bearer ab")], false),
        ([("authorization", "Bearer abcd")], false), ([("authorization", "Basic abc")], false),
        ([("authorization", "Bearer abc"), ("authorization", "Bearer abc")], false),
    ])
    func withATokenItIsAskedFor(fields: [(String, String)], isTaken: Bool) {
        for route in [AdminRoute.metrics, .state, .send, .tail(channel: "a", group: nil)] {
            #expect(self.status(.token("abc"), route, fields + [("host", "x")]) == (isTaken ? nil : .unauthorized))
        }
        for route in [AdminRoute.page("/"), .alive, .ready(workers: true)] {
            #expect(self.status(.token("abc"), route, fields + [("host", "x")]) == nil)
        }
    }

    @Test func whereOnlyMetricsAreShownNothingElseIsThere() {
        #expect(self.status(.metricsForEverybody, .metrics, [("host", "example.org")]) == nil)
        for route in [AdminRoute.page("/"), .alive, .state, .send] {
            #expect(self.status(.metricsForEverybody, route, [("host", "127.0.0.1")]) == .notFound)
        }
    }
}
