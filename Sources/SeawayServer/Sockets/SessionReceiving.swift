import Logging
import NIOCore
import SeawayMessage

/// What workers say to a socket.
extension SocketSession {
    /// A message on the send channel.
    ///
    /// - Returns: whether there was somebody to take it.
    func receive(_ message: SocketDelivery) -> Bool {
        switch self.state {
        case .asking(let holder, let handshake, _):
            if message.isFromGroup {
                self.core.counters.early += 1
            } else {
                self.decide(message, holder, handshake)
            }
        case .open(let peer):
            if let data = message.onlyData { peer.send(data) } else { self.pass(message, to: peer) }
        case .over: return false
        }
        return true
    }

    private func decide(_ delivery: SocketDelivery, _ holder: any ExchangeHolder, _ handshake: WebSocketHandshake) {
        switch delivery.message {
        case .failure(let fault): self.reject(fault, delivery)
        case .success(let message):
            switch SocketDecision(message) {
            case .malformed(let fault): self.reject(fault, delivery)
            case .refuse: self.refuse(delivery.body, holder)
            case .accept where !self.mayDirect(message): self.reject(.receiveChannelNotAllowed, delivery)
            case .accept: self.accept(message, delivery, holder, handshake)
            }
        }
    }

    private func accept(
        _ message: SocketMessage, _ delivery: SocketDelivery, _ holder: any ExchangeHolder,
        _ handshake: WebSocketHandshake
    ) {
        let answer: Answer
        let acceptance: WebSocketAcceptance
        do throws(AnswerFault) {
            answer = try Answer(delivery.body, limits: self.core.answerLimits)
        } catch {
            return self.reject(.answer(error), delivery)
        }
        do throws(WebSocketHandshakeFault) {
            acceptance = try handshake.accept(
                subprotocol: message.subprotocol, deflate: self.core.configuration.wire.deflate)
        } catch {
            return self.reject(.subprotocolNotOffered, delivery)
        }
        let peer = WebSocketPeer(
            core: self.core.wire, policy: self.route.overflow, deflate: acceptance.deflate,
            address: self.core.charged(self.address), delegate: self)
        self.state = .open(peer)
        self.core.counters.accepted += 1
        if message.isSerial { self.events.becomeSerial() }
        self.direct(message)
        holder.becomeWebSocket(self.number, acceptance, answer, peer)
        self.pass(delivery, to: peer)
    }

    private func refuse(_ body: Payload, _ holder: any ExchangeHolder) {
        self.core.counters.refused += 1
        let answer: Result<Answer, AnswerFault>
        do throws(AnswerFault) {
            answer = .success(try Answer(body, limits: self.core.answerLimits, status: 403))
        } catch {
            answer = .failure(error)
        }
        self.end(WebSocketCloseCode.abnormal)
        _ = holder.receive(answer, for: self.number)
    }

    private func pass(_ delivery: SocketDelivery, to peer: WebSocketPeer) {
        switch delivery.message {
        case .failure(let fault): self.reject(fault, delivery)
        case .success(let message):
            if let prepared = delivery.prepared { peer.send(prepared) }
            if let close = message.close { peer.close(code: close.code, reason: close.reason) }
            guard delivery.prepared == nil, message.close == nil, message.accept == nil else { return }
            self.reject(message.isEmpty(for: .browser), delivery)
        }
    }

    /// A message on the control channel.
    ///
    /// - Returns: whether there was somebody to take it.
    func control(_ delivery: SocketDelivery) -> Bool {
        guard !self.events.isOver else { return false }
        if !delivery.isFromGroup, let report = BrokerReport(delivery.body) {
            self.take(report)
            return true
        }
        switch delivery.message {
        case .failure(let fault): self.reject(fault, delivery)
        case .success(let message) where !self.mayDirect(message): self.reject(.receiveChannelNotAllowed, delivery)
        case .success(let message):
            self.direct(message)
            let isDone = message.done.flatMap { Int(exactly: $0) }.map { self.events.done($0) } ?? false
            if let close = message.close { self.closeAtOnce(close) }
            if isDone { self.pump() }
            if message.done == nil, message.direction == nil, message.close == nil {
                self.reject(message.isEmpty(for: .server), delivery)
            }
        }
        return true
    }

    /// What a broker tells of an event: that who has it will not deal with it, or that nobody has it (W31).
    func take(_ report: BrokerReport) {
        switch report.note.flatMap({ ReportNote($0) }) {
        case .connect?:
            if case .asking = self.state { self.takeOfConnect(report) }
        case .receive(let order)?: self.take(report, of: order)
        case nil: break
        }
    }

    private func take(_ report: BrokerReport, of order: Int) {
        if case .lost = report.why {
            switch self.events.lost(order) {
            case nil: return
            case true?:
                self.core.server.counters.askedAgain += 1
                self.warnOfEvent("a worker was lost with an event, which another gets", report)
            case false?: self.eventWasGivenUp(report)
            }
        } else if self.events.gaveUp(order) {
            self.eventWasGivenUp(report)
        }
        self.pump()
    }

    private func eventWasGivenUp(_ report: BrokerReport) {
        self.core.counters.droppedEvents += 1
        self.warnOfEvent("no worker has dealt with an event", report)
    }

    private func warnOfEvent(_ text: Logger.Message, _ report: BrokerReport) {
        self.core.warn(text, ["channel": "\(report.channel)", "why": "\(report.text ?? report.why.rawValue)"])
    }

    private func takeOfConnect(_ report: BrokerReport) {
        switch report.why {
        case .lost:
            guard !self.isAskedAgain, self.events.askAgain() else { return self.fail(.workerLost) }
            self.isAskedAgain = true
            self.core.server.counters.askedAgain += 1
            self.pump()
        case .nak, .tries: self.fail(.workerGaveUp)
        case .away, .expired, .flushed, .dead, .other:
            // Nobody was told anything, so nobody is told of the end.
            self.events.giveUp()
            self.fail(.noWorker)
        }
    }

    private func mayDirect(_ message: SocketMessage) -> Bool {
        guard case .own(let channel)? = message.direction else { return true }
        return self.core.configuration.receiveChannels.allows(channel)
    }

    private func direct(_ message: SocketMessage) {
        let isElsewhere =
            switch message.direction {
            case .own(let channel)?: self.events.direct(to: channel)
            case .shared?: self.events.direct(to: nil)
            case nil: false
            }
        if isElsewhere { self.leaveLine() }
    }

    private func closeAtOnce(_ close: SocketMessage.Close) {
        switch self.state {
        case .asking: self.fail(.notWanted)
        case .open(let peer): peer.close(code: close.code, reason: close.reason, behindMessages: false)
        case .over: break
        }
    }

    /// What is not as it should be ends the socket, unless it was meant for others too (W8, W11).
    ///
    /// - Parameter delivery: in which it came; `nil` when it was well-formed, and yet the layer refuses what it says.
    func reject(_ fault: SocketMessageFault, _ delivery: SocketDelivery? = nil) {
        self.core.counters.malformed += 1
        if let delivery, let group = delivery.group {
            if delivery.decoded.isToBeLogged() {
                self.core.warn("malformed message for WebSockets", ["why": "\(fault)", "group": "\(group)"])
            }
            return
        }
        self.core.warn("malformed message for a WebSocket", ["why": "\(fault)", "channel": "\(self.sendChannel)"])
        switch self.state {
        case .asking: self.fail(.malformedAnswer)
        case .open(let peer): peer.close(code: .internalError, reason: "malformed message", behindMessages: false)
        case .over: break
        }
    }
}
