import Logging
import SeawayMessage

/// Serves the events of sockets.
extension WorkerRun {
    /// How long messages that are on their way to this process's mailboxes may take, once the sockets are given back.
    private static let lastEvents = Duration.milliseconds(250)

    /// Works on one event, ends it, and says that it is done where the event says that the socket waits for that (W16).
    func serve(_ route: SocketRoute, _ message: IncomingMessage, _ credit: Int) async {
        guard let socket = self.socket(of: message, isKept: route.mailbox != nil) else {
            self.logger.warning("a message that is no event of a socket", metadata: message.metadata)
            self.conclude(message)
            return self.end(credit: credit)
        }
        switch message["type"]?.string {
        case "websocket.connect":
            await self.connect(route, socket, message, credit)
        case "websocket.receive":
            await self.receive(route, socket, message, credit)
        case "websocket.disconnect":
            do {
                try await route.handler.disconnect(socket, WebSocketClosure(message.payload))
            } catch {
                self.log(error, socket)
            }
            self.kept.forget(socket.channel)
            self.end(message, credit)
        default:
            self.logger.warning("an event of an unknown type", metadata: message.metadata)
            self.end(message, credit)
        }
    }

    /// Tells a browser whose socket fits no route.
    func refuse(_ message: IncomingMessage, _ credit: Int) {
        guard message["type"]?.string == "websocket.connect", let socket = self.socket(of: message, isKept: false)
        else {
            self.logger.warning("no route fits", metadata: message.metadata)
            return self.end(message, credit)
        }
        self.answer(.reject(status: 404), to: socket, message, serial: false, mailbox: nil, credit)
    }

    /// Gives the sockets that are kept here back to all workers, then takes nothing more.
    func leave() async {
        let channels = self.kept.leave()
        self.logger.info("gives its sockets back", metadata: ["sockets": "\(channels.count)"])
        let giveBack = Payload(["receive_channel": nil])
        for channel in channels.dropLast() { self.layer.send(giveBack, to: channel, ifHeard: false) { _ in } }
        // Answers come in order: after this one there are all. A socket that has ended has nothing to give back.
        if let last = channels.last { try? await self.layer.send(giveBack, to: last) }
        try? await self.clock.sleep(for: Self.lastEvents)
        let queue = self.queue
        self.listening.stop { queue.close() }
        queue.end()
    }

    private func connect(_ route: SocketRoute, _ socket: WebSocket, _ message: IncomingMessage, _ credit: Int) async {
        let decision: WebSocketDecision
        if route.mailbox != nil { self.kept.begin(socket.channel) }
        do {
            let request = HTTPRequest(message, method: "GET", path: socket.path)
            decision = try await route.handler.connect(socket, request)
        } catch {
            if self.giveBack(message, error) {
                self.kept.forget(socket.channel)
                return self.end(credit: credit)
            }
            self.log(error, socket)
            // A worker that is about to leave keeps no more: another one will.
            decision =
                Self.isSessionOver(error)
                ? .reject(status: 503, headers: [("retry-after", "1")]) : .reject(status: 500)
        }
        self.answer(decision, to: socket, message, serial: route.isSerial, mailbox: route.mailbox, credit)
    }

    private func answer(
        _ decision: WebSocketDecision, to socket: WebSocket, _ connect: IncomingMessage, serial: Bool,
        mailbox: String?, _ credit: Int
    ) {
        var receiveChannel: String?
        if case .accept = decision.kind, let mailbox {
            receiveChannel = self.kept.keep(socket, in: mailbox)
        }
        if receiveChannel == nil { self.kept.forget(socket.channel) }
        let message = decision.message(serial: serial, receiveChannel: receiveChannel)
        self.send(
            Answer(
                payload: message.payload, replyChannel: socket.channel, credit: credit, mayRepeat: false,
                substitute: .refusal, held: connect.held))
    }

    private func receive(_ route: SocketRoute, _ socket: WebSocket, _ message: IncomingMessage, _ credit: Int) async {
        do {
            guard let said = WebSocketMessage(message.payload) else {
                throw WorkerError(.malformedRequest, name: message.channel)
            }
            try await route.handler.receive(said, from: socket)
        } catch {
            if self.giveBack(message, error) { return self.end(credit: credit) }
            if self.log(error, socket) { await self.close(socket, for: error) }
        }
        // Also after a failure: the next event, or the disconnect, waits for it (W17).
        self.end(message, credit)
    }

    private func close(_ socket: WebSocket, for failure: any Error) async {
        do {
            if Self.isSessionOver(failure) {
                // 1012, the service restarts: the browser may come again.
                try await socket.close(1_012, reason: "its worker has left")
            } else {
                // 1011: the server cannot fulfil the request (RFC 6455).
                try await socket.close(1_011)
            }
        } catch {
            self.log(error, socket)
        }
    }

    private static func isSessionOver(_ error: any Error) -> Bool { (error as? WorkerError)?.code == .sessionOver }

    /// - Returns: whether the socket is to be closed for it.
    @discardableResult
    private func log(_ error: any Error, _ socket: WebSocket) -> Bool {
        if let error = error as? ClientError, [socket.channel, socket.controlChannel].contains(error.name) {
            if error.code == .gone {
                self.logger.debug("the socket has ended", metadata: ["channel": "\(error.name)"])
                return false
            }
            if error.code == .unknown {
                // A message is lost, perhaps, with its broker; the socket is as it was, and goes on over others.
                self.logger.warning("a message to a socket may be lost", metadata: ["channel": "\(error.name)"])
                return false
            }
        }
        self.logger.error(
            "a socket's handler has failed",
            metadata: ["path": "\(socket.path)", "error": "\(error)"])
        return true
    }

    private func socket(of message: IncomingMessage, isKept: Bool) -> WebSocket? {
        guard let channel = message.replyChannel, let control = message["control_channel"]?.string,
            let path = message.envelope.path
        else { return nil }
        return WebSocket(
            channel: channel, controlChannel: control, path: path, parameters: message.parameters, layer: self.layer,
            kept: isKept ? self.kept : nil, clock: self.clock)
    }
}
