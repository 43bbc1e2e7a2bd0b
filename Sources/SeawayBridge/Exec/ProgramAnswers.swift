package import SeawayMessage

/// What becomes of the lines of one program, and whether whoever waits for an answer has got one (BRIDGES.md, B13 and
/// B15).
package struct ProgramAnswers: Sendable {
    /// A line of a program's output.
    package enum Line: Sendable {
        case message(Payload)
        case unusable(BridgeDrop, String)
    }

    package enum Step: Hashable, Sendable {
        case forward(Payload)
        /// It goes nowhere.
        case drop(BridgeDrop, String)
        /// It goes nowhere, and who waits is told at once that the answer is broken.
        case breakOff(BridgeDrop, String, Payload)
    }

    /// How it went, when the program has ended.
    package struct Verdict: Hashable, Sendable {
        /// nil: as it should.
        package let fault: String?
        /// Whether it has failed, and not only written something of no use beside what it had to say.
        package let hasFailed: Bool
        /// For who still waits.
        package let failure: Payload?

        package init(fault: String?, hasFailed: Bool, failure: Payload?) {
            self.fault = fault
            self.hasFailed = hasFailed
            self.failure = failure
        }
    }

    private enum State: Hashable, Sendable { case nothing, begun, complete, broken }

    private let reply: ProgramReply
    private var state = State.nothing
    /// The first line that was of no use, and why.
    private var firstFault: String?

    package init(_ reply: ProgramReply) { self.reply = reply }

    package mutating func line(_ line: Line) -> Step {
        switch line {
        case .unusable(let reason, let text): self.unusable(reason, text)
        case .message(let message): self.message(message)
        }
    }

    private mutating func unusable(_ reason: BridgeDrop, _ text: String) -> Step {
        self.firstFault = self.firstFault ?? text
        // A piece is missing: what comes behind it must not be taken for the rest.
        guard self.reply.kind == .response, self.state == .begun else { return .drop(reason, text) }
        return self.breakOff(reason, text)
    }

    private mutating func message(_ message: Payload) -> Step {
        guard self.reply.destination != nil else {
            return .drop(.name, "a line of output, and the message has no reply channel")
        }
        switch (self.reply.kind, self.state) {
        case (.free, _), (.socket, _): return .forward(message)
        case (_, .complete): return self.late("a second answer; the first was complete")
        case (_, .broken): return self.late("what comes behind the end of the answer")
        case (.response, .begun) where Self.has("status", message):
            return self.breakOff(.payload, "a second answer; the first was not complete")
        case (.response, _):
            guard Self.isAnswer(message) else { return .forward(message) }
            self.state = message["more_content"] == .bool(true) && !self.isWhole(message) ? .begun : .complete
            return .forward(message)
        case (.handshake, .begun): return .forward(message)
        case (.handshake, .nothing):
            self.state = Self.opens(message) ? .begun : .complete
            return .forward(self.state == .begun ? Self.serial(message) : message)
        }
    }

    private mutating func late(_ text: String) -> Step {
        self.firstFault = self.firstFault ?? text
        return .drop(.payload, text)
    }

    private mutating func breakOff(_ reason: BridgeDrop, _ text: String) -> Step {
        self.firstFault = self.firstFault ?? text
        self.state = .broken
        return .breakOff(reason, text, Self.response)
    }

    package mutating func ended(_ end: ProgramEnd) -> Verdict {
        var fault = end.isSuccess ? nil : end.description
        var failure: Payload?
        switch (self.reply.kind, self.state) {
        case (.response, .nothing):
            fault = fault ?? self.firstFault ?? "it has answered nothing"
            failure = Self.response
        case (.response, .begun):
            fault = fault ?? "its answer is not complete"
            failure = Self.response
        case (.handshake, .nothing):
            fault = fault ?? self.firstFault ?? "it has answered nothing"
            failure = Self.refusal
        case (.handshake, .begun), (.socket, _): failure = fault == nil ? nil : Self.close
        case (.response, _), (.handshake, _), (.free, _): break
        }
        return Verdict(
            fault: fault ?? self.firstFault, hasFailed: fault != nil || self.state == .broken, failure: failure)
    }

    // MARK: Messages

    /// To an answer that was begun this is a second status, which breaks it off (I12).
    private static let response = Message([("status", 500), ("content", "The program failed.\n")]).payload
    private static let refusal =
        Message([("accept", false), ("status", 500), ("content", "The program failed.\n")]).payload
    /// 1011: the server cannot fulfil the request (RFC 6455).
    private static let close = Message([("close", 1_011)]).payload

    /// Whether it is more than a word about where to tell of the request's end (I27).
    private static func isAnswer(_ message: Payload) -> Bool {
        !self.has("disconnect_channel", message)
            || ["status", "content", "more_content"].contains { self.has($0, message) }
    }

    /// Whether a first message is the whole answer, whatever it says (I14).
    private func isWhole(_ message: Payload) -> Bool {
        self.state == .nothing
            && (self.reply.isForHead || message["status"] == .int(204) || message["status"] == .int(304))
    }

    /// A field that is null counts as absent.
    private static func has(_ field: String, _ message: Payload) -> Bool {
        (message[field] ?? .null) != .null
    }

    /// Whether a first answer opens the socket (W7).
    private static func opens(_ message: Payload) -> Bool {
        if let accept = message["accept"], accept != .null { return accept == .bool(true) }
        return self.has("text", message) || self.has("bytes", message)
    }

    /// Events one at a time (W16), unless the program says something else.
    private static func serial(_ message: Payload) -> Payload {
        guard !self.has("serial", message), var whole = try? Message(message) else { return message }
        whole["serial"] = true
        return whole.payload
    }
}
