import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import Synchronization
import TestSupport

/// A server without a socket whose layer answers as a test says, and browsers that open WebSockets on it.
final class SocketSite {
    /// What the layer answers on each channel from now on; `nil` in it keeps the answer back.
    final class Verdicts: Sendable {
        private let byChannel = Mutex<[String: SendAnswer?]>([:])

        func set(_ answer: SendAnswer?, on channel: String) {
            self.byChannel.withLock { $0[channel] = .some(answer) }
        }

        func verdict(_ channel: String) -> SendAnswer? { self.byChannel.withLock { $0[channel] ?? .done } }
    }

    let layer: FakeLayer
    let server: EmbeddedServer
    let log = LogLines()
    private let verdicts: Verdicts
    /// Bytes that browsers have taken which are slow, and yet steady.
    private var steady: [ObjectIdentifier: UInt64] = [:]
    private var eventsSeen = 0
    private var callsSeen = 0

    init(
        _ configure: (inout ServerConfiguration) -> Void = { _ in },
        worker: @escaping @Sendable (FakeLayer, FakeLayer.Sent) -> Void = { _, _ in }
    ) {
        let verdicts = Verdicts()
        self.verdicts = verdicts
        self.layer = FakeLayer(verdict: { verdicts.verdict($1.channel) }, worker: worker)
        self.server = EmbeddedServer(layer: self.layer, log: self.log, sockets: true, configure)
        self.server.core.outgoingOfSockets = { [unowned self] channel in
            guard !channel.isWritable else { return Outgoing(waiting: 0, taken: nil) }
            let taken = self.steady[ObjectIdentifier(channel)]
            if let taken { self.steady[ObjectIdentifier(channel)] = taken + 1 }
            return Outgoing(waiting: 1, taken: taken ?? 0)
        }
    }

    /// Whether a browser that does not take all takes a little at a time.
    func takes(_ isSteady: Bool, of browser: Browser) {
        self.steady[ObjectIdentifier(browser.connection.channel)] = isSteady ? 1 : nil
    }

    var counters: SocketCounters { self.server.core.counters.sockets }

    /// What the layer answers on a channel from now on; `nil` keeps the answer back until ``FakeLayer/answerHeld(_:)``.
    func answer(_ answer: SendAnswer?, on channel: String) { self.verdicts.set(answer, on: channel) }
    func refuse(_ code: String, on channel: String) { self.answer(.refused(Refusal(code: code)), on: channel) }

    func pass(_ time: Duration) { self.server.pass(time) }

    /// What was sent to any channel since the last call, whatever the layer answered.
    func events() -> [FakeLayer.Sent] {
        defer { self.eventsSeen = self.layer.sent.count }
        return Array(self.layer.sent.dropFirst(self.eventsSeen))
    }

    /// `PAUSE`, `RESUME` and `CLOSE` since the last call.
    func calls() -> [String] {
        defer { self.callsSeen = self.layer.calls.count }
        return Array(self.layer.calls.dropFirst(self.callsSeen))
    }

    func deliver(_ message: Message, to channels: [String], group: String? = nil) {
        self.layer.deliver(message, to: channels, group: group)
        self.server.run()
    }

    /// Asks for a WebSocket; nobody has answered yet.
    func ask(
        _ path: String = "/live", _ fields: String = "", from address: String = "192.0.2.7", behind: [UInt8] = []
    ) throws -> Browser {
        let browser = Browser(site: self, connection: try self.server.connect(from: address))
        try browser.ask(path, fields, behind: behind)
        return browser
    }

    /// Opens a WebSocket, and passes over its connect.
    func open(_ acceptance: Message = ["accept": true], _ path: String = "/live") throws -> Browser {
        let browser = try self.ask(path)
        _ = self.events()
        browser.hear(acceptance)
        _ = try browser.answer()
        return browser
    }
}

/// One browser of a ``SocketSite``.
final class Browser {
    let connection: EmbeddedConnection
    private let site: SocketSite
    private(set) var sendChannel = ""
    private(set) var controlChannel = ""
    private var unread: [UInt8] = []

    init(site: SocketSite, connection: EmbeddedConnection) {
        self.site = site
        self.connection = connection
    }

    var isOpen: Bool { self.connection.isOpen }

    func ask(_ path: String, _ fields: String = "", behind: [UInt8] = []) throws {
        let count = self.site.layer.sent.count
        let upgrade = """
            GET \(path) HTTP/1.1\r
            host: localhost\r
            upgrade: websocket\r
            connection: Upgrade\r
            sec-websocket-version: 13\r
            sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r
            \(fields)\r

            """
        try self.connection.send(Array(upgrade.utf8) + behind)
        self.site.server.run()
        self.findChannels(after: count)
    }

    /// Learns its channels from the connect message, once there is one.
    func findChannels(after count: Int = 0) {
        let connect = self.site.layer.sent.dropFirst(count).last { $0.message["type"] == "websocket.connect" }
        self.sendChannel = connect?.message["reply_channel"]?.string ?? self.sendChannel
        self.controlChannel = connect?.message["control_channel"]?.string ?? self.controlChannel
    }

    /// A worker says something on the send channel.
    func hear(_ message: Message, group: String? = nil) {
        self.site.deliver(message, to: [self.sendChannel], group: group)
    }

    /// A worker says something on the control channel.
    func control(_ message: Message) { self.site.deliver(message, to: [self.controlChannel]) }

    func send(_ frames: ClientFrame...) throws {
        for frame in frames { try self.connection.send(frame.bytes) }
        self.site.server.run()
    }

    func becomeSlow(_ isSlow: Bool) {
        self.connection.becomeSlow(isSlow)
        self.site.server.run()
    }

    func leave() {
        self.connection.leave()
        self.site.server.run()
    }

    private func read() throws {
        self.site.server.run()
        self.unread += try self.connection.outputBytes()
    }

    /// The head of the next answer, with the content that its `content-length` says.
    func answer() throws -> String {
        try self.read()
        let text = String(decoding: self.unread, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return "" }
        let head = text[..<end.upperBound]
        let length = head.firstRange(of: "content-length: ").flatMap { range in
            Int(head[range.upperBound...].prefix { $0.isNumber })
        }
        let count = head.utf8.count + (length ?? 0)
        defer { self.unread.removeFirst(min(count, self.unread.count)) }
        return String(decoding: self.unread.prefix(count), as: UTF8.self)
    }

    /// The status of the next answer; 0 when there is none.
    func status() throws -> Int { Int(try self.answer().dropFirst(9).prefix(3)) ?? 0 }

    /// All frames since the last call.
    func frames() throws -> [ServerFrame] {
        try self.read()
        defer { self.unread = [] }
        return ServerFrame.all(in: self.unread)
    }
}

extension FakeLayer.Sent {
    var order: Int64? { self.message["order"]?.int }
    var code: Int64? { self.message["code"]?.int }

    /// Type and order, and `text` or `code` if it has one.
    var summary: String {
        let type = self.message["type"]?.string?.split(separator: ".").last.map(String.init) ?? "?"
        let detail = self.message["text"]?.string ?? self.code.map(String.init)
        return ([type, self.order.map(String.init) ?? "?"] + (detail.map { [$0] } ?? [])).joined(separator: " ")
    }
}
