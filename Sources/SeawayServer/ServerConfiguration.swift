package import SeawayNIO

/// Every bound and habit of an interface server; the defaults are those of protocol/INTERFACE.md, section 7.
package struct ServerConfiguration: Sendable {
    /// Where to listen; port 0 picks a free one.
    package var addresses = [ListenAddress.tcp(ListenPlace(host: "127.0.0.1", port: 8_000))]
    /// What is shown to clients, with which alone the server speaks then; `nil`: it speaks without TLS (E1).
    package var tls: ServerTLS?
    /// Connections that the system holds before they are accepted.
    package var backlog = 1_024

    package var maxConnections = 10_000
    /// Bytes of all that is held for clients (I35).
    package var maxMemory = 1 << 30
    /// Connections from one address, or from one /64 of IPv6; 0 sets no limit (I68).
    package var maxConnectionsPerAddress = 0
    /// Who is trusted to say who clients are (I64).
    package var forwarding = Forwarding()
    /// Whether connections of those who are trusted begin with a header of the PROXY protocol (I62).
    package var takesProxyHeaders = false
    /// Until that header is complete (I63).
    package var proxyHeaderTimeout = Duration.seconds(5)
    /// Requests of one connection under way; beyond it nothing more is read from it (I20).
    package var maxPipelined = 16
    /// Bytes of a request's first line.
    package var maxRequestLine = 16_384
    /// Bytes of a request's line and fields.
    package var maxRequestHead = 32_768
    /// Fields of a request.
    package var maxRequestFields = 100
    /// Bytes that may stand around those of a chunked body, beside 8 for each of them.
    package var maxChunkOverhead = 16_384
    /// Bytes of a request's body (I9).
    package var maxRequestBody = 1 << 30
    /// Bytes up to which a body is kept until it is whole, and goes with its head: both must fit in the layer's
    /// `max-body`.
    package var bodyInline = 65_536
    /// Bytes of the largest piece of a body that goes in pieces: with what stands around it, its message stays below
    /// 65,536, so that a broker has it on its short way.
    package var bodyPiece = 65_536 - 64
    /// Bytes of bodies that are held, over all connections.
    package var maxBufferedBodies = 268_435_456
    /// Bytes of an answer's fields (I15).
    package var maxAnswerHead = 65_536
    /// Fields of an answer (I15).
    package var maxAnswerFields = 256

    /// Until the first message of an answer, and between two (I21).
    package var httpTimeout = Duration.seconds(120)
    /// How long nobody may listen where a request waits before it is answered with 503 (I72); 0: not at all.
    package var noWorkerPatience = Duration.seconds(5)
    /// Methods whose requests another worker gets when the first is lost before it has answered (I70).
    package var retry = ["GET", "HEAD", "OPTIONS"]
    /// Until the last message of an answer; `nil` sets no limit.
    package var answerTimeout: Duration?
    /// Until the head of a request is complete.
    package var headTimeout = Duration.seconds(30)
    /// Until the TLS handshake of a new connection is complete (E3).
    package var tlsHandshakeTimeout = Duration.seconds(10)
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
    /// How long a connection without a request may have been so when the server leaves, before it is closed (I25).
    package var lastCall = Duration.seconds(1)
    /// How often the times above are looked at: none is kept more exactly than that.
    package var sweepInterval = Duration.milliseconds(250)

    /// Bytes that may wait for a client before its reply channel is paused (I19).
    package var maxUnsent = 262_144
    /// Bytes below which a paused reply channel is resumed.
    package var resumeBelow = 65_536
    /// Requests of one event loop that the layer has not answered, beyond which those that come behind others wait
    /// (I37).
    package var maxUnsettled = 32

    /// Messages that the layer may deliver ahead, renewed by halves.
    package var credit = 1_024

    package var http2 = HTTP2Configuration()
    package var routes = Routes<RequestRoute>()
    package var sockets = SocketConfiguration()
    package var files = StaticConfiguration()
    package var compression = CompressionConfiguration()
    /// Where the site is mounted: `root_path` in every request.
    package var rootPath = ""
    /// `http` or `https`: `scheme` in every request.
    package var scheme: String { self.tls == nil ? "http" : "https" }
    /// The `Server` field of answers; none when empty.
    package var serverField = "seaway"
    /// Whose request IDs are taken, and whether there are any (I82).
    package var requestIDs = RequestID.Rule.off
    /// Which requests are traced; `nil`: none, and no field about it is looked at (I84).
    package var tracing: TracingConfiguration?
    /// Gets one line for each request; `nil`: none is written.
    package var accessLog: AccessLog?

    package init() {}
}
