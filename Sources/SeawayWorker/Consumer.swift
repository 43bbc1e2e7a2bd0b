/// A type that consumes messages; a plain closure will often do.
public protocol Consumer: Sendable {
    /// Works on one message.
    ///
    /// What it throws is logged and, where somebody waits for an answer, answered with a 500, or breaks off the answer
    /// that was begun; so is an HTTP request, or the `websocket.connect` of a browser, that it leaves without an
    /// answer, unless it says ``IncomingMessage/answerLater()``. An event of a socket that waits for its `done` (W16)
    /// gets it when this has ended, well or badly. When the client of a request has left, the task is cancelled; see
    /// ``Worker``.
    func consume(_ message: IncomingMessage) async throws
}

/// A type that answers HTTP requests; a plain closure will often do.
public protocol Responder: Sendable {
    /// Answers one request. What it throws is logged and answered with a 500. When the client has left, the task is
    /// cancelled; see ``Worker``.
    func respond(to request: HTTPRequest) async throws -> HTTPResponse
}

struct ClosureConsumer: Consumer {
    let body: @Sendable (IncomingMessage) async throws -> Void

    func consume(_ message: IncomingMessage) async throws { try await self.body(message) }
}

struct ClosureResponder: Responder {
    let body: @Sendable (HTTPRequest) async throws -> HTTPResponse

    func respond(to request: HTTPRequest) async throws -> HTTPResponse { try await self.body(request) }
}
