import SeawayMessage

/// What one socket of a test has to say to workers, and what their messages mean to it (INTERFACE.md, 8.2 to 8.6).
struct TestSocketConversation {
    enum Event {
        case receive(TestSocket.Frame)
        case disconnect(code: Int, reason: String)
    }

    enum Action {
        /// An event goes out; ``answered(_:)`` is to be told what became of it.
        case send(Message, to: String, ifHeard: Bool)
        case accepted(subprotocol: String?, headers: [(name: String, value: String)])
        case refused(TestAnswer)
        case frame(TestSocket.Frame)
        case malformed(TestAnswer.Malformed)
        /// These channels are over: the send channel first, so that who hears of the end finds the socket in no group
        /// (W5).
        case close([String])
        /// Nothing more will happen.
        case over
    }

    private enum Stage { case asking, open, ended, over }

    let channels: TestSocketChannels
    private var stage = Stage.asking
    private var waiting: [Event] = []
    private var nextOrder = 1
    private var isSerial = false
    private var ownChannel: String?
    /// The event that is on its way, to be sent to the shared channels where its own has no reader any more (W18).
    private var unanswered: (message: Message, shared: String)?
    /// The order of the event whose `done` is waited for (W16).
    private var undone: Int64?

    init(_ channels: TestSocketChannels) { self.channels = channels }

    // MARK: From the browser

    mutating func say(_ frame: TestSocket.Frame) -> [Action] {
        guard self.stage == .open else { return [] }
        if case .close(let code, let reason) = frame { return self.end(code: code, reason: reason) }
        self.waiting.append(.receive(frame))
        return self.next()
    }

    /// The socket is over, for whatever reason; heard once (W5).
    mutating func end(code: Int, reason: String) -> [Action] {
        guard self.stage == .asking || self.stage == .open else { return [] }
        self.stage = .ended
        self.waiting.append(.disconnect(code: code, reason: reason))
        // A `done` that is waited for still comes (W12).
        guard self.undone == nil else { return [.close([self.channels.send])] }
        return [.close([self.channels.send, self.channels.control])] + self.next()
    }

    /// What became of the event that was sent last.
    mutating func answered(_ answer: SendAnswer) -> [Action] {
        guard let (message, shared) = self.unanswered.take() else { return [] }
        if case .refused(let refusal) = answer, refusal.isAway || refusal.isGone, self.ownChannel != nil {
            self.ownChannel = nil
            self.unanswered = (message, shared)
            return [.send(message, to: shared, ifHeard: false)]
        }
        return self.next()
    }

    private mutating func next() -> [Action] {
        guard self.unanswered == nil, self.undone == nil, !self.waiting.isEmpty else {
            return self.stage == .ended && self.unanswered == nil && self.waiting.isEmpty ? self.finish() : []
        }
        var message = self.channels.envelope(order: self.nextOrder)
        let shared: String
        switch self.waiting.removeFirst() {
        case .receive(.text(let text)):
            message["type"] = "websocket.receive"
            message["text"] = .string(text)
            shared = self.channels.receive
        case .receive(.bytes(let bytes)):
            message["type"] = "websocket.receive"
            message["bytes"] = .bytes(bytes)
            shared = self.channels.receive
        case .receive(.close(let code, let reason)), .disconnect(let code, let reason):
            message["type"] = "websocket.disconnect"
            message["code"] = .int(Int64(code))
            message["reason"] = .string(reason)
            shared = self.channels.disconnect
        }
        if self.isSerial, shared == self.channels.receive {
            message["serial"] = true
            self.undone = Int64(self.nextOrder)
        }
        self.nextOrder += 1
        self.unanswered = (message, shared)
        return [.send(message, to: self.ownChannel ?? shared, ifHeard: self.ownChannel != nil)]
    }

    private mutating func finish() -> [Action] {
        self.stage = .over
        return [.close([self.channels.control]), .over]
    }

    // MARK: From workers

    /// A message on the send channel (8.3, 8.4).
    ///
    /// - Parameter isOfGroup: one that came through a group neither decides nor breaks anything (W9, W11).
    mutating func take(_ message: Message, isOfGroup: Bool) -> [Action] {
        switch self.stage {
        case .asking: isOfGroup ? [] : self.decide(message)
        case .open: self.obey(message, isOfGroup: isOfGroup)
        case .ended, .over: []
        }
    }

    private mutating func decide(_ message: Message) -> [Action] {
        let hasData = message["text"] != nil || message["bytes"] != nil
        let accepts = message["accept"]?.bool ?? (hasData ? true : message["close"] == nil ? nil : false)
        guard let accepts else { return self.fail("neither accept, text, bytes nor close", message) }
        if !accepts {
            do throws(TestAnswer.Malformed) {
                let answer = try TestAnswer(refusal: message)
                return [.refused(answer)] + self.end(code: 1_006, reason: "")
            } catch {
                return [.malformed(error)] + self.end(code: 1_006, reason: "")
            }
        }
        let subprotocol = message["subprotocol"]?.string
        if let subprotocol, !self.channels.subprotocols.contains(subprotocol) {
            return self.fail("a subprotocol that was not offered", message)
        }
        self.stage = .open
        self.isSerial = message["serial"]?.bool ?? false
        self.ownChannel = message["receive_channel"]?.string
        let headers = TestAnswer.fields(message["headers"]) ?? []
        let accepted = Action.accepted(subprotocol: subprotocol, headers: headers)
        let says = hasData || message["close"] != nil
        return [accepted] + (says ? self.obey(message, isOfGroup: false) : [])
    }

    /// Data and a close, on an open socket.
    private mutating func obey(_ message: Message, isOfGroup: Bool) -> [Action] {
        var actions: [Action] = []
        let close = CloseWish(message)
        switch (message["text"], message["bytes"]) {
        case (.string(let text)?, nil): actions.append(.frame(.text(text)))
        case (nil, let value?) where value.bytes != nil: actions.append(.frame(.bytes(value.bytes ?? [])))
        case (nil, nil) where close != .none: break
        default: return isOfGroup ? [] : self.fail("not one of text and bytes, as they should be, or close", message)
        }
        switch close {
        case .none: return actions
        case .illegal: return isOfGroup ? [] : self.fail("a close that is none", message)
        case .code(let code):
            let reason = message["reason"]?.string ?? ""
            return actions + [.frame(.close(code: code, reason: reason))] + self.end(code: code, reason: reason)
        }
    }

    /// A message on the control channel (8.5).
    mutating func control(_ message: Message) -> [Action] {
        var actions: [Action] = []
        if let order = message["done"]?.int, order == self.undone {
            self.undone = nil
            actions += self.next()
        }
        if let channel = message["receive_channel"] { self.ownChannel = channel.string }
        if message["close"] != nil, self.stage == .open { actions += self.obey(message, isOfGroup: false) }
        return actions
    }

    /// As the server does: 502 before the socket is open, 1011 after (W8, W11).
    private mutating func fail(_ reason: String, _ message: Message) -> [Action] {
        let isOpen = self.stage == .open
        let malformed = Action.malformed(TestAnswer.Malformed(reason: reason, message: message))
        return [malformed] + self.end(code: isOpen ? 1_011 : 1_006, reason: "")
    }

    private enum CloseWish: Equatable {
        case none, illegal
        case code(Int)

        init(_ message: Message) {
            switch message["close"] {
            case nil, .bool(false)?: self = .none
            case .bool(true)?: self = .code(1_000)
            case .int(let code)? where Self.isLegal(code): self = .code(Int(code))
            default: self = .illegal
            }
        }

        private static func isLegal(_ code: Int64) -> Bool {
            (1_000...1_003).contains(code) || (1_007...1_014).contains(code) || (3_000...4_999).contains(code)
        }
    }
}

/// The channels of a socket and of its events, and what every event says (8.1, 8.2).
struct TestSocketChannels {
    let send: String
    let control: String
    let path: String
    let subprotocols: [String]
    let connect: String
    var receive: String { Self.beside(self.connect, "receive") }
    var disconnect: String { Self.beside(self.connect, "disconnect") }

    func envelope(order: Int) -> Message {
        [
            "reply_channel": .string(self.send), "control_channel": .string(self.control), "path": .string(self.path),
            "order": .int(Int64(order)),
        ]
    }

    private static func beside(_ connect: String, _ event: String) -> String {
        let standard = "websocket.connect"
        guard connect.hasPrefix(standard) else { return "\(connect).\(event)" }
        return "websocket.\(event)\(connect.dropFirst(standard.count))"
    }
}
