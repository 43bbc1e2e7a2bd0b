import NIOHTTP1
import SeawayAdmin
import Testing

@Suite("What is asked for") struct AdminRouteTests {
    @Test(arguments: [
        ("/", AdminRoute.page("/")), ("/console.js", .page("/console.js")), ("/healthz", .alive),
        ("/readyz", .ready(workers: true)), ("/readyz?workers=no", .ready(workers: false)), ("/metrics?x=1", .metrics),
        ("/api/state", .state), ("/api/channels/jobs/messages", .messages(channel: "jobs", count: 20)),
        ("/api/channels/web.x%211/messages?count=5", .messages(channel: "web.x!1", count: 5)),
        ("/api/lists/groups", .list(ListQuestion(.groups, by: "name"))),
        (
            "/api/lists/channels?sort=depth&order=rising&inboxes=hidden&filter=Mail&broker=1",
            .list(
                ListQuestion(.channels, by: "depth", isFalling: false, filter: "mail", hidesInboxes: true, broker: 1))
        ),
        ("/api/tail?channel=jobs.*", .tail(channel: "jobs.*", group: nil)),
        ("/api/tail?group=room", .tail(channel: "*", group: "room")),
        ("/api/tail?channel=a&group=room", .tail(channel: "a", group: "room")),
    ])
    func pathsThatAreThere(uri: String, route: AdminRoute) throws { #expect(try AdminRoute(.GET, uri) == route) }

    @Test(arguments: [
        ("/nothing", HTTPResponseStatus.notFound), ("/api", .notFound), ("/console.html", .notFound),
        ("/api/channels/a/b/messages", .notFound), ("//", .notFound), ("http://x/", .notFound),
        ("/api/tail", .badRequest), ("/api/tail?channel=", .badRequest),
        ("/api/channels/a/messages?count=0", .badRequest), ("/api/channels/a/messages?count=101", .badRequest),
        ("/api/channels/a/messages?count=x", .badRequest), ("/api/lists/nothing", .notFound),
        ("/api/lists/groups?sort=depth", .badRequest), ("/api/lists/channels?broker=x", .badRequest),
    ])
    func pathsThatAreNot(uri: String, status: HTTPResponseStatus) {
        #expect { try AdminRoute(.GET, uri) } throws: { ($0 as? AdminRefusal)?.status == status }
    }

    @Test(arguments: [
        (HTTPMethod.POST, "/metrics", "GET, HEAD"), (.DELETE, "/", "GET, HEAD"), (.GET, "/api/send", "POST"),
        (.HEAD, "/api/tail?channel=a", "GET"), (.PUT, "/api/connections/end", "POST"),
    ])
    func methodsThatAreNot(method: HTTPMethod, uri: String, allowed: String) throws {
        let refusal = #expect(throws: AdminRefusal.self) { try AdminRoute(method, uri) }
        #expect(refusal?.status == .methodNotAllowed)
        #expect(refusal?.answer.fields == [.init(name: "allow", value: allowed)])
    }
}
