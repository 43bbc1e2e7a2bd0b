import SeawayNATS

/// A session with a manual clock, and a test that is its server.
struct SessionHouse {
    var session: NATSSession<String>
    var now = 0
    private(set) var steps: [NATSSession<String>.Step] = []
    private(set) var events: [NATSEvent<String>] = []
    private(set) var said = ""

    init(_ servers: String = "nats://a:4222", _ change: (inout NATSConfiguration) -> Void = { _ in }) throws {
        var configuration = NATSConfiguration(servers: try NATSAddress.list(servers))
        change(&configuration)
        self.session = NATSSession(configuration, token: "T", jitter: { 1 })
        self.session.start(at: 0)
        self.look()
    }

    static let info =
        "INFO {\"server_id\":\"I\",\"server_name\":\"n\",\"version\":\"2.12.0\",\"headers\":true,\"max_payload\":100}\r\n"

    private mutating func look() {
        self.said += String(decoding: self.session.takeOutput(), as: UTF8.self)
        self.steps += self.session.takeSteps()
        self.events += self.session.takeEvents()
    }

    /// What has happened since this was asked last.
    mutating func takeEvents() -> [NATSEvent<String>] {
        defer { self.events = [] }
        return self.events
    }

    mutating func takeSteps() -> [NATSSession<String>.Step] {
        defer { self.steps = [] }
        return self.steps
    }

    mutating func takeSaid() -> String {
        defer { self.said = "" }
        return self.said
    }

    mutating func open() {
        self.session.opened(at: self.now)
        self.look()
    }

    mutating func secure() {
        self.session.secured(at: self.now)
        self.look()
    }

    mutating func lose(_ reason: String = "gone") {
        self.session.lost(reason, at: self.now)
        self.look()
    }

    mutating func hear(_ text: String) {
        self.session.receive(Array(text.utf8).span, at: self.now)
        self.look()
    }

    mutating func wait(_ time: Int) {
        // As the caller does: now and then.
        for _ in 0..<max(1, time / 50) {
            self.now += min(50, time)
            self.session.timePassed(at: self.now)
            self.look()
        }
    }

    /// From a connection that was just asked for to one that is in use; what led there is forgotten.
    mutating func connect(_ info: String = Self.info) {
        self.open()
        self.hear(info)
        self.hear("PONG\r\n")
        _ = self.takeEvents()
        _ = self.takeSteps()
        _ = self.takeSaid()
    }

    mutating func ask(_ name: String, patience: Int = 1_000) throws {
        try self.session.request("jobs", Array("hi".utf8), name, until: self.now + patience)
        self.look()
    }

    /// Has a message stored.
    mutating func store(_ name: String, in stream: String = "s", patience: Int = 1_000) throws {
        try self.session.store("jobs", in: stream, headers: [], Array("hi".utf8), name, until: self.now + patience)
        self.look()
    }
}
