/// What the server answers by itself, where no worker can (protocol/INTERFACE.md, I21).
package enum ErrorAnswer: Hashable, Sendable {
    case syntax
    /// The client's sending side has ended within it (RFC 9112, 8).
    case incomplete
    /// The request line is too long.
    case targetTooLong
    /// A chunked body holds little but what stands around its bytes.
    case chunkOverhead
    case target
    case hostField
    /// The client expects something other than `100-continue`.
    case expectation
    case slowRequest
    case bodyTooLarge
    case headTooLarge
    /// Of a request that is no WebSocket's (W19).
    case handshake(WebSocketHandshakeFault)
    /// A page of a site that is not allowed (W22).
    case origin
    case tooManySockets
    /// No worker has said in time whether the socket may be opened (W8).
    case notAccepted
    /// A worker closes, by the control channel, what was not accepted yet (W7).
    case notWanted
    case connect
    /// A request line in order, but for a method that the parser does not know.
    case method
    case transferCoding
    case malformedAnswer
    case full
    case unreachable
    case unknownOutcome
    case refused
    /// Nobody listens where the request waits (I72).
    case noWorker
    /// The worker that had it is gone (I71), or has given it up.
    case workerLost
    case workerGaveUp
    case noRoomForBody
    /// More is held for the client than its share (I36).
    case noMemory
    case tooManyConnections
    /// From one address (I68).
    case tooManyOfAddress
    case timeout
    /// A file that was being sent cannot be read to its end.
    case file

    package var status: Int {
        switch self {
        case .syntax, .incomplete, .chunkOverhead, .target, .hostField: 400
        case .targetTooLong: 414
        case .slowRequest: 408
        case .bodyTooLarge: 413
        case .expectation: 417
        case .headTooLarge: 431
        case .handshake(let fault): fault.status
        case .origin, .notWanted: 403
        case .tooManySockets: 429
        case .connect, .method, .transferCoding: 501
        case .file: 500
        case .malformedAnswer, .workerLost, .workerGaveUp: 502
        case .full, .unreachable, .unknownOutcome, .refused, .noWorker, .notAccepted, .noRoomForBody, .noMemory,
            .tooManyConnections, .tooManyOfAddress:
            503
        case .timeout: 504
        }
    }

    /// One line for people, without its end.
    package var text: String {
        switch self {
        case .syntax: "This is not HTTP/1.1."
        case .incomplete: "The request is not complete."
        case .targetTooLong: "The request line is too long."
        case .chunkOverhead: "The chunks of the body hold too little."
        case .target: "The request target is not a path."
        case .hostField: "A request has exactly one Host field, with a host and maybe a port."
        case .expectation: "Nothing can be expected here but 100-continue."
        case .slowRequest: "The request did not come in time."
        case .bodyTooLarge: "The body is too large."
        case .headTooLarge: "The request's fields are too large."
        case .handshake(let fault): fault.text
        case .origin: "Pages of this site may not open WebSockets here."
        case .tooManySockets: "Too many WebSockets are open from this address."
        case .notAccepted: "No worker has answered for the WebSocket in time."
        case .notWanted: "The worker refused the WebSocket."
        case .connect: "This is not a proxy."
        case .method: "This method is not known here."
        case .transferCoding: "The only transfer coding here is chunked, in HTTP/1.1."
        case .malformedAnswer: "The worker's answer was malformed."
        case .full: "Too many requests are waiting."
        case .unreachable: "The workers cannot be reached."
        case .unknownOutcome: "The connection to the workers broke."
        case .refused: "The workers' broker refused the request."
        case .noWorker: "No worker is there."
        case .workerLost: "The worker was lost before it had answered."
        case .workerGaveUp: "The worker gave the request up."
        case .noRoomForBody: "Too many bodies are being received."
        case .noMemory: "Too much is held for this client, or for all."
        case .tooManyConnections: "Too many connections are open."
        case .tooManyOfAddress: "Too many connections are open from this address."
        case .timeout: "No worker answered in time."
        case .file: "The file could not be read."
        }
    }

    /// Whether the connection ends with it: what follows on it cannot be known or is not wanted.
    package var closes: Bool {
        switch self {
        case .syntax, .incomplete, .targetTooLong, .chunkOverhead, .target, .hostField, .expectation, .slowRequest,
            .bodyTooLarge, .headTooLarge, .handshake, .origin, .tooManySockets, .notAccepted, .notWanted, .connect,
            .method, .transferCoding, .noRoomForBody, .noMemory, .tooManyConnections, .tooManyOfAddress:
            true
        case .malformedAnswer, .full, .unreachable, .unknownOutcome, .refused, .noWorker, .workerLost, .workerGaveUp,
            .timeout, .file:
            false
        }
    }

    /// Fields that belong to the answer.
    package var fields: [(name: String, value: String)] {
        if case .handshake(let fault) = self { return fault.fields }
        return self.status == 503 ? [("retry-after", "1")] : []
    }
}

extension ErrorAnswer: CaseIterable {
    package static var allCases: [ErrorAnswer] {
        [
            .syntax, .incomplete, .targetTooLong, .chunkOverhead, .target, .hostField, .expectation, .slowRequest,
            .bodyTooLarge, .headTooLarge, .origin, .tooManySockets, .notAccepted, .notWanted, .connect, .method,
            .transferCoding, .malformedAnswer, .full, .unreachable, .unknownOutcome, .refused, .noWorker, .workerLost,
            .workerGaveUp,
            .noRoomForBody, .noMemory,
            .tooManyConnections, .tooManyOfAddress, .timeout, .file,
        ] + WebSocketHandshakeFault.allCases.map(Self.handshake)
    }
}

extension ServerCounters {
    package mutating func count(_ answer: ErrorAnswer) {
        switch answer {
        case .syntax, .incomplete, .target, .hostField, .expectation, .handshake, .connect, .method, .transferCoding:
            self.badRequests += 1
        case .chunkOverhead: self.chunkOverheads += 1
        case .targetTooLong: self.targetTooLong += 1
        case .origin: self.sockets.refusedOrigins += 1
        case .tooManySockets: self.sockets.tooMany += 1
        case .notAccepted: self.sockets.notAccepted += 1
        case .notWanted: self.sockets.refused += 1
        case .slowRequest: self.slowRequests += 1
        case .bodyTooLarge: self.tooLarge += 1
        case .headTooLarge: self.headTooLarge += 1
        case .malformedAnswer: self.malformedAnswers += 1
        case .full: self.full += 1
        case .unreachable: self.unreachable += 1
        case .unknownOutcome: self.unknown += 1
        case .refused: self.refused += 1
        case .noWorker: self.noWorker += 1
        case .workerLost: self.workersLost += 1
        case .workerGaveUp: self.workersGaveUp += 1
        case .noRoomForBody: self.noRoomForBody += 1
        case .noMemory: self.noMemory += 1
        case .tooManyConnections: self.refusedConnections += 1
        case .tooManyOfAddress: self.refusedOfAddress += 1
        case .timeout: self.timeouts += 1
        case .file: self.files.failed += 1
        }
    }
}
