/// Every bound and habit of an interface server; the defaults are those of protocol/INTERFACE.md, section 7.
package struct ServerConfiguration: Sendable {
    /// Address to listen on.
    package var host = "127.0.0.1"
    /// 0 picks a free port.
    package var port = 8_000
    /// Connections that the system holds before they are accepted.
    package var backlog = 1_024

    package var maxConnections = 10_000
    /// Requests of one connection under way; beyond it nothing more is read from it (I20).
    package var maxPipelined = 16
    /// Bytes of a request's first line.
    package var maxRequestLine = 16_384
    /// Bytes of a request's line and fields.
    package var maxRequestHead = 32_768
    /// Fields of a request.
    package var maxRequestFields = 100
    /// Bytes of a request's body (I9); with the head it must fit in the layer's `max-body`.
    package var maxRequestBody = 1_048_576
    /// Bytes of bodies in reception, over all connections.
    package var maxBufferedBodies = 268_435_456
    /// Bytes of an answer's fields (I15).
    package var maxAnswerHead = 65_536
    /// Fields of an answer (I15).
    package var maxAnswerFields = 256

    /// Until the first message of an answer, and between two (I21).
    package var httpTimeout = Duration.seconds(120)
    /// Until the last message of an answer; `nil` sets no limit.
    package var answerTimeout: Duration?
    /// Until the head of a request is complete.
    package var headTimeout = Duration.seconds(30)
    /// Without a byte of a request's body.
    package var bodyTimeout = Duration.seconds(20)
    /// Bytes of a body that must come each second, on the average of a ``rateWindow``; 0 sets no limit.
    package var minBodyRate = 128
    package var rateWindow = Duration.seconds(30)
    /// Without a request on an open connection.
    package var keepAliveTimeout = Duration.seconds(75)
    /// From the end of a client's sending side until the server asks whether it is there (I30).
    package var probeDelay = Duration.milliseconds(500)
    /// Without room for a client that does not read (I19).
    package var clientStallTimeout = Duration.seconds(60)
    /// Reading and dropping after an answer that closes (I22).
    package var lingerTimeout = Duration.seconds(2)
    /// How often the times above are looked at: none is kept more exactly than that.
    package var sweepInterval = Duration.milliseconds(250)

    /// Bytes that may wait for a client before its reply channel is paused (I19).
    package var maxUnsent = 262_144
    /// Bytes below which a paused reply channel is resumed.
    package var resumeBelow = 65_536
    /// Messages that the layer may deliver ahead, renewed by halves.
    package var credit = 1_024

    package var routes = Routes<RequestRoute>()
    package var sockets = SocketConfiguration()
    /// Where the site is mounted: `root_path` in every request.
    package var rootPath = ""
    /// `http` or `https`: `scheme` in every request.
    package var scheme = "http"
    /// The `Server` field of answers; none when empty.
    package var serverField = "seaway"
    /// One log line for each request.
    package var accessLog = false

    package init() {}
}
