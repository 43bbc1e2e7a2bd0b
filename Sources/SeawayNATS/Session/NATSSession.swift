import SeawayWire

/// One client of NATS servers without its sockets and its clock: what is said, what is heard, and which server is next.
///
/// The caller carries out ``takeSteps()``, writes ``takeOutput()`` to the connection that is there, and hears of the
/// rest by ``takeEvents()``: after each call, in this order: output, steps, events. Times are milliseconds of any
/// clock.
///
/// What has not been answered when a connection ends is unknown, and is not said again.
package struct NATSSession<Context> {
    package enum Step: Hashable, Sendable {
        /// Make a connection, and say ``opened(at:)`` or ``lost(_:at:)``.
        case connect(NATSAddress)
        /// Begin TLS on the connection, and say ``secured(at:)`` or ``lost(_:at:)``. The certificate is to be for that
        /// host.
        case secure(host: String)
        /// End the connection, and say nothing more of it.
        case close
    }

    enum State {
        case idle
        case pausing(until: Int)
        case connecting(until: Int)
        /// TLS begins; `nil`: before the server has said anything.
        case securing(NATSServerInfo?, until: Int)
        case awaitingInfo(isSecured: Bool, until: Int)
        /// `CONNECT` and `PING` were said.
        case loggingIn(NATSServerInfo, until: Int)
        case connected(NATSServerInfo, since: Int)
        case over(NATSFault)
    }

    struct Subscription {
        let subject: String
        let queue: String?
    }

    /// What answers come to: this and the number of the request.
    package let inbox: String
    /// What the answers of streams come to: this and a number of ``NATSStoreReplies``.
    let storeInbox: String
    let configuration: NATSConfiguration
    private let jitter: @Sendable () -> Double
    var state = State.idle
    private var pool: NATSServerPool
    private var backoff: ClientBackoff
    private var keepalive: Keepalive
    private var parser: NATSParser
    private var unread: [UInt8] = []
    /// What comes is looked at; false from the end of a connection, or the beginning of TLS, on.
    private var isReading = false
    var writer = NATSWriter()
    private var steps: [Step] = []
    private var events: [NATSEvent<Context>] = []
    var waiting = NATSWaiting<Context>()
    var storeReplies = NATSStoreReplies()
    var subscriptions: [UInt64: Subscription] = [:]
    var lastSubscription = Self.inboxSubscription
    /// The server is about to leave: nothing is asked any more, and at that time it is left.
    var leavingUntil: Int?

    private static var inboxSubscription: UInt64 { 1 }

    /// - Parameters:
    ///   - token: makes the inbox one of its own: letters and digits that nobody else has.
    ///   - jitter: 0 to 1, for pauses.
    package init(
        _ configuration: NATSConfiguration, token: String,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        precondition(!configuration.servers.isEmpty, "a client needs a server")
        self.configuration = configuration
        self.inbox = "_INBOX.\(token)."
        self.storeInbox = "\(self.inbox)s"
        self.jitter = jitter
        self.pool = NATSServerPool(configuration.servers, most: configuration.maxServers)
        self.backoff = ClientBackoff(
            first: .milliseconds(configuration.firstBackoff), most: .milliseconds(configuration.maxBackoff))
        self.keepalive = Keepalive(interval: 0, now: 0)
        self.parser = NATSParser(limits: configuration.limits)
    }

    // MARK: What follows

    package mutating func takeOutput() -> [UInt8] {
        defer { self.writer.clear() }
        return self.writer.bytes
    }

    /// Shows what ``takeOutput()`` would take, which is taken with it.
    package mutating func takeOutput(_ write: ([UInt8]) -> Void) {
        write(self.writer.bytes)
        self.writer.clear()
    }

    package var outputCount: Int { self.writer.count }

    package mutating func takeSteps() -> [Step] {
        defer { self.steps = [] }
        return self.steps
    }

    package mutating func takeEvents() -> [NATSEvent<Context>] {
        defer { self.events = [] }
        return self.events
    }

    /// What the server that is connected says of itself.
    package var server: NATSServerInfo? {
        if case .connected(let info, _) = self.state { info } else { nil }
    }

    /// The server that is tried, or connected.
    package var address: NATSAddress { self.pool.current }
    /// All that are known.
    package var servers: [NATSAddress] { self.pool.servers }
    /// Requests without an answer.
    package var waitingCount: Int { self.waiting.count }

    // MARK: Connecting

    package mutating func start(at now: Int) {
        if case .idle = self.state { self.connect(at: now) }
    }

    private mutating func connect(at now: Int) {
        self.state = .connecting(until: now + self.configuration.connectPatience)
        self.steps.append(.connect(self.pool.current))
    }

    /// The connection is there.
    package mutating func opened(at now: Int) {
        guard case .connecting = self.state else { return }
        let until = now + self.configuration.connectPatience
        if self.configuration.beginsWithTLS {
            self.secure(nil, until: until)
        } else {
            self.isReading = true
            self.state = .awaitingInfo(isSecured: false, until: until)
        }
    }

    private mutating func secure(_ info: NATSServerInfo?, until: Int) {
        // What has come already has not come through TLS: it is dropped.
        self.isReading = false
        self.unread = []
        self.state = .securing(info, until: until)
        self.steps.append(.secure(host: self.pool.current.certificateHost))
    }

    /// TLS is there.
    package mutating func secured(at now: Int) {
        guard case .securing(let info, _) = self.state else { return }
        self.isReading = true
        if let info {
            self.logIn(info, isSecured: true, at: now)
        } else {
            self.state = .awaitingInfo(isSecured: true, until: now + self.configuration.connectPatience)
        }
    }

    private mutating func heard(_ info: NATSServerInfo, at now: Int) {
        self.pool.learn(info.servers)
        switch self.state {
        case .awaitingInfo(let isSecured, let until):
            let wantsTLS = self.configuration.needsTLS || self.pool.current.needsTLS || info.needsTLS
            guard wantsTLS, !isSecured else { return self.logIn(info, isSecured: isSecured, at: now) }
            guard info.hasTLS else { return self.drop("it has no TLS", at: now) }
            self.secure(info, until: until)
        case .connected(_, let since):
            self.state = .connected(info, since: since)
            if info.isLameDuck { self.moveOn(at: now) }
        case .loggingIn, .idle, .pausing, .connecting, .securing, .over: break
        }
    }

    private mutating func logIn(_ info: NATSServerInfo, isSecured: Bool, at now: Int) {
        guard info.hasHeaders else { return self.drop("it is too old: it knows no headers", at: now) }
        guard let greeting = NATSGreeting.json(self.configuration, info, isSecured: isSecured) else {
            return self.end(.nothingToSign)
        }
        self.writer.connect(greeting)
        self.writer.ping()
        self.state = .loggingIn(info, until: now + self.configuration.connectPatience)
    }

    private mutating func loggedIn(_ info: NATSServerInfo, at now: Int) {
        self.state = .connected(info, since: now)
        self.keepalive = Keepalive(interval: self.configuration.heartbeat, now: now)
        self.writer.subscribe("\(self.inbox)*", Self.inboxSubscription)
        for (number, subscription) in self.subscriptions.sorted(by: { $0.key < $1.key }) {
            self.writer.subscribe(subscription.subject, queue: subscription.queue, number)
        }
        self.events.append(.connected(info))
        if info.isLameDuck { self.moveOn(at: now) }
    }

    // MARK: Losing

    /// The connection has ended, or did not come about.
    ///
    /// - Parameter reason: for people.
    package mutating func lost(_ reason: String, at now: Int) {
        switch self.state {
        case .idle, .pausing, .over: return
        case .connected(_, let since) where now - since >= 1_000:
            // Not before: a server that lets a client in and hangs up is not to be asked again and again.
            self.pool.succeeded()
            self.backoff.reset()
        case .connected, .connecting, .securing, .awaitingInfo, .loggingIn: break
        }
        self.forget()
        self.events.append(.away("\(self.pool.current): \(reason)"))
        if self.pool.advance() {
            let pause = self.backoff.next(jitter: self.jitter())
            self.state = .pausing(until: now + max(1, Int(pause / .milliseconds(1))))
        } else {
            self.connect(at: now)
        }
    }

    private mutating func drop(_ reason: String, at now: Int) {
        self.steps.append(.close)
        self.lost(reason, at: now)
    }

    private mutating func end(_ fault: NATSFault) {
        if case .over = self.state { return }
        self.steps.append(.close)
        self.forget()
        self.state = .over(fault)
        self.events.append(.over(fault))
    }

    /// Leaves; what was said and has not been written yet may still be. No connection will be made again.
    package mutating func leave() {
        let said = self.writer
        self.end(.left)
        self.writer = said
    }

    private mutating func forget() {
        self.isReading = false
        self.unread = []
        self.parser = NATSParser(limits: self.configuration.limits)
        // Never to be said on another connection: what has become of it is told as unknown.
        self.writer = NATSWriter()
        self.leavingUntil = nil
        self.tell(self.waiting.takeAll(), .connectionLost)
    }

    private mutating func tell(_ lost: [Context], _ doubt: NATSDoubt) {
        guard !lost.isEmpty else { return }
        for context in lost { self.events.append(.outcome(context, .unknown(doubt))) }
        let waiting = self.waiting
        self.storeReplies.drop { !waiting.has($0) }
    }

    /// The server is about to leave; another is taken as soon as nothing is waited for.
    private mutating func moveOn(at now: Int) {
        guard self.pool.servers.count > 1, self.leavingUntil == nil else { return }
        self.leavingUntil = now + self.configuration.leavingPatience
        self.moveIfDone(at: now)
    }

    private mutating func moveIfDone(at now: Int) {
        guard let until = self.leavingUntil, self.waiting.isEmpty || now >= until else { return }
        self.drop("it is about to leave", at: now)
    }

    // MARK: Time

    /// To be called now and then, several times in the shortest time that is configured.
    package mutating func timePassed(at now: Int) {
        switch self.state {
        case .pausing(let until):
            if now >= until { self.connect(at: now) }
        case .connecting(let until), .securing(_, let until):
            if now >= until { self.drop("no answer within \(self.configuration.connectPatience) ms", at: now) }
        case .awaitingInfo(_, let until):
            if now >= until {
                self.drop("it says nothing; if it begins with TLS, that is to be said here too", at: now)
            }
        case .loggingIn(_, let until):
            if now >= until { self.drop("it does not answer PING", at: now) }
        case .connected:
            self.tell(self.waiting.takeOverdue(at: now), .silence)
            switch self.keepalive.check(at: now) {
            case .wait: self.moveIfDone(at: now)
            case .ping: self.writer.ping()
            case .giveUp: self.drop("it is silent", at: now)
            }
        case .idle, .over: break
        }
    }

    // MARK: What comes

    /// Bytes have come.
    package mutating func receive(_ bytes: Span<UInt8>, at now: Int) {
        guard self.isReading else { return }
        self.keepalive.peerWasHeard(at: now)
        do throws(NATSStreamError) {
            if self.unread.isEmpty {
                let used = try self.read(bytes, at: now)
                if used < bytes.count {
                    self.unread = bytes.extracting(used...).withUnsafeBufferPointer { Array($0) }
                }
            } else {
                var all = self.unread
                self.unread = []
                bytes.withUnsafeBufferPointer { all.append(contentsOf: $0) }
                let used = try self.read(all.span, at: now)
                if used == 0 { self.unread = all } else if used < all.count { self.unread = Array(all[used...]) }
            }
        } catch {
            self.drop(error.description, at: now)
        }
    }

    /// - Returns: how many bytes are done with.
    private mutating func read(_ bytes: Span<UInt8>, at now: Int) throws(NATSStreamError) -> Int {
        var used = 0
        while used < bytes.count {
            guard case .frame(let frame) = try self.parser.step(bytes.extracting(used...)) else { return used }
            self.take(frame.content, bytes.extracting(used..<used + frame.length), at: now)
            guard self.isReading else { return bytes.count }
            used += frame.length
        }
        return used
    }

    private mutating func take(_ content: NATSFrame.Content, _ bytes: Span<UInt8>, at now: Int) {
        switch content {
        case .info(let json):
            guard let info = NATSServerInfo(bytes.extracting(json)) else {
                return self.drop("what it says of itself cannot be read", at: now)
            }
            self.heard(info, at: now)
        case .ping: self.writer.pong()
        case .pong:
            if case .loggingIn(let info, _) = self.state { self.loggedIn(info, at: now) }
        case .ok: break
        case .error(let text):
            self.heardError(
                bytes.extracting(text).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }, at: now)
        case .message(let message):
            guard case .connected = self.state else { return }
            if message.subscription == Self.inboxSubscription {
                self.takeAnswer(message, bytes, at: now)
            } else if self.subscriptions[message.subscription] != nil {
                self.events.append(
                    .message(subscription: message.subscription, NATSMessage(message, bytes)))
            } else {
                self.events.append(.stray(NATSMessage(message, bytes)))
            }
        }
    }

    private mutating func takeAnswer(_ message: NATSFrame.Message, _ bytes: Span<UInt8>, at now: Int) {
        var places = message.subject.dropFirst(self.inbox.utf8.count)
        let isOfStore = places.first.map { bytes[$0] } == UInt8(ascii: "s")
        if isOfStore { places.removeFirst() }
        guard let number = NATSParser.number(bytes, places) else { return }
        let answer = NATSMessage(message, bytes)
        // One that comes too late has been told as unknown.
        guard let request = isOfStore ? self.storeReplies.answered(number, answer) : number,
            let context = self.waiting.take(request)
        else { return }
        let isRefused = answer.payload.isEmpty && answer.status == 503
        self.events.append(.outcome(context, isRefused ? .noResponders : .answered(answer)))
        self.moveIfDone(at: now)
    }

    private mutating func heardError(_ quoted: String, at now: Int) {
        let text = String(quoted.drop { $0 == "'" }.reversed().drop { $0 == "'" }.reversed())
        switch (NATSComplaint(text), self.state) {
        case (.final, _): self.end(.denied(text))
        case (.harmless, .connected): self.events.append(.complaint(text))
        case (.harmless, _), (.endsConnection, _): self.drop("it says: \(text)", at: now)
        }
    }
}

extension NATSSession: Sendable where Context: Sendable {}
