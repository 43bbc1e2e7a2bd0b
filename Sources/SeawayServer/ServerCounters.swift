/// What an interface server has done since its start, by reason.
package struct ServerCounters: Hashable, Sendable {
    /// Connections accepted, and those open now.
    package var connections = 0
    package var openConnections = 0
    /// Connections that gave way to others, by what they did for their clients.
    package var gaveWay: [ConnectionUse: Int] = [:]
    /// Connections beyond the limit.
    package var refusedConnections = 0
    /// Connections beyond the limit of their address.
    package var refusedOfAddress = 0
    /// Headers of the PROXY protocol that were taken, that were none, and that did not come in time.
    package var proxyHeaders = 0
    package var malformedProxyHeaders = 0
    package var slowProxyHeaders = 0
    /// Connections that could not be taken for want of descriptors, or of the system's memory.
    package var acceptFailures = 0

    /// Requests sent to a channel.
    package var requests = 0
    /// Answers of workers that were handed to the connection whole.
    package var answered = 0

    /// 503: the request channel, its mailbox or the broker had no room.
    package var full = 0
    /// 503: no broker in reach, or one that leaves.
    package var unreachable = 0
    /// 503: the connection to the broker broke before its answer.
    package var unknown = 0
    /// 503: the layer refused for another reason.
    package var refused = 0
    /// 503: nobody listens where requests go.
    package var noWorker = 0
    /// 502, and streamed answers broken off: the worker was lost, or gave the request up.
    package var workersLost = 0
    package var workersGaveUp = 0
    /// Requests that another worker was asked for since the first was lost, and those that could not be kept for that.
    package var askedAgain = 0
    package var notKept = 0
    /// 503: no room for another body.
    package var noRoomForBody = 0
    /// 503: more was held for a client than its share.
    package var noMemory = 0

    /// 400, 405, 417, 426 and 501.
    package var badRequests = 0
    /// 400: chunked bodies with too much around too little.
    package var chunkOverheads = 0
    /// 408, and connections closed in the middle of a request.
    package var slowRequests = 0
    /// 413.
    package var tooLarge = 0
    /// 414.
    package var targetTooLong = 0
    /// 431.
    package var headTooLarge = 0

    /// 504, and streamed answers broken off because nothing more came.
    package var timeouts = 0
    /// 502, and streamed answers broken off (I15).
    package var malformedAnswers = 0
    /// Messages for requests that are over (I18).
    package var lateAnswers = 0
    /// Messages for names that were never issued (I18).
    package var unknownAnswers = 0
    /// Pieces that had come before (I12).
    package var duplicatePieces = 0

    /// Requests whose client left before the answer was complete (I17).
    package var disconnected = 0
    /// Requests whose client took nothing for too long.
    package var stalledRequests = 0
    /// Requests that the server's grace was too short for.
    package var shutdownRequests = 0
    /// Messages to workers that had asked to hear of their requests' ends (I27).
    package var workersTold = 0
    /// Clients that read nothing for too long (I19).
    package var stalledClients = 0
    /// Reply channels held back for a slow client.
    package var pauses = 0

    /// Bodies that went to their readers in pieces, times that a piece found no room or no reader, and bodies whose
    /// rest nobody got.
    package var bodyStreams = 0
    package var bodyWaits = 0
    package var bodiesBrokenOff = 0

    /// Times that were over, by the option that sets them.
    package var timesOver: [TimeLimit: Int] = [:]

    package var sockets = SocketCounters()
    package var tls = TLSCounters()
    package var http2 = HTTP2Counters()
    package var files = FileCounters()
    package var compression = CompressionCounters()

    package init() {}
}

extension ServerCounters {
    mutating func count(_ end: RequestEnd) {
        switch end {
        case .left: self.disconnected += 1
        case .stalled: self.stalledRequests += 1
        case .shutdown: self.shutdownRequests += 1
        // Counted as what the server answers by itself.
        case .timeout, .malformed, .lost, .over: break
        }
    }
}
