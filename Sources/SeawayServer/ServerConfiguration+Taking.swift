import NIOCore

extension ServerConfiguration {
    /// The same with what may change while a server runs: where requests and WebSockets go, who may open those, and
    /// limits that are looked at when they are needed.
    ///
    /// Connections that are there keep those limits which they were made with: of heads, fields and bodies, and of
    /// HTTP/2; and none of them is counted among those of its address that was not when it came.
    func taking(_ new: ServerConfiguration) -> ServerConfiguration {
        var configuration = self
        configuration.routes = new.routes
        configuration.maxConnections = new.maxConnections
        configuration.maxPipelined = new.maxPipelined
        configuration.maxRequestLine = new.maxRequestLine
        configuration.maxRequestHead = new.maxRequestHead
        configuration.maxRequestFields = new.maxRequestFields
        configuration.maxChunkOverhead = new.maxChunkOverhead
        configuration.maxRequestBody = new.maxRequestBody
        configuration.bodyInline = new.bodyInline
        configuration.httpTimeout = new.httpTimeout
        configuration.noWorkerPatience = new.noWorkerPatience
        configuration.retry = new.retry
        configuration.answerTimeout = new.answerTimeout
        configuration.headTimeout = new.headTimeout
        configuration.tlsHandshakeTimeout = new.tlsHandshakeTimeout
        configuration.bodyTimeout = new.bodyTimeout
        configuration.minBodyRate = new.minBodyRate
        configuration.keepAliveTimeout = new.keepAliveTimeout
        configuration.probeDelay = new.probeDelay
        configuration.clientStallTimeout = new.clientStallTimeout
        configuration.accessLog = new.accessLog
        configuration.requestIDs = new.requestIDs
        configuration.maxBufferedBodies = new.maxBufferedBodies
        configuration.maxMemory = new.maxMemory
        configuration.maxConnectionsPerAddress = new.maxConnectionsPerAddress
        configuration.proxyHeaderTimeout = new.proxyHeaderTimeout
        configuration.http2.maxStreams = new.http2.maxStreams
        configuration.http2.maxResets = new.http2.maxResets
        configuration.http2.maxControlFrames = new.http2.maxControlFrames
        // What a WebSocket has on its wire is shared by all of a loop, and who is counted with whom must not change
        // between coming and going.
        let (wire, perAddress) = (self.sockets.wire, self.sockets.maxPerAddress)
        configuration.sockets = new.sockets
        configuration.sockets.wire = wire
        configuration.sockets.maxPerAddress = perAddress
        return configuration
    }
}

extension InterfaceServer {
    /// From now on new requests, connections and WebSockets go by this; what is under way goes on as it began.
    package func replaceConfiguration(_ new: ServerConfiguration) async throws {
        _ = try await self.each { core in
            core.configuration = core.configuration.taking(new)
            core.limitMemory()
            core.sockets.configuration = core.configuration.sockets
        }.get()
    }
}

extension ServerCore {
    /// Bytes of requests that one loop keeps to send them once more (I70).
    static func mostKept(_ configuration: ServerConfiguration, _ place: LoopPlace) -> Int {
        configuration.maxMemory / 16 / place.count
    }

    /// Has what is held for clients counted by the limits that hold now.
    fileprivate func limitMemory() {
        self.shares.bodies.limit(to: self.configuration.maxBufferedBodies)
        self.shares.memory.limit(to: self.configuration.maxMemory)
        self.underWay.mostKept = Self.mostKept(self.configuration, self.place)
    }
}
