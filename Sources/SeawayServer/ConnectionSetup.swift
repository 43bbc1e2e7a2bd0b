package import NIOCore
import NIOHTTP1
import SeawayNIO

extension Channel {
    /// The handlers of a connection that has just come: of a proxy, that says first who its client is, or of a client.
    package func addServerHandlers(_ core: ServerCore) throws {
        guard core.expectsProxyHeader(from: self) else { return try self.addClientHandlers(core) }
        try self.pipeline.syncOperations.addHandler(ProxyIntake(core: core))
    }

    /// The handlers of a client's connection, once its addresses are known.
    func addClientHandlers(_ core: ServerCore) throws {
        guard let tls = core.tls else {
            guard core.configuration.http2.isTakenInClear else { return try self.addHTTPHandlers(core, inPlaceOf: nil) }
            return try self.pipeline.syncOperations.addHandler(PrefaceHandler(core: core))
        }
        try self.pipeline.syncOperations.addHandler(tls.makeHandler())
        try self.pipeline.syncOperations.addHandler(SecuredConnection(core: core))
    }

    /// What speaks HTTP/1.1.
    ///
    /// - Parameter handshake: what has held the connection's place so far.
    func addHTTPHandlers(_ core: ServerCore, inPlaceOf handshake: (any ServerConnection)?) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = core.configuration.maxRequestHead
        limits.maxHeaderListSize = core.configuration.maxRequestHead
        limits.maxHeaderFieldCount = core.configuration.maxRequestFields
        let framing = RequestFraming(maxChunkOverhead: core.configuration.maxChunkOverhead)
        let pipelined = PipelinedInput()
        try self.pipeline.syncOperations.addHandlers(
            pipelined, RequestDecoder.handler(limits: limits, framing: framing),
            HTTP1Handler(core: core, framing: framing, pipelined: pipelined, inPlaceOf: handshake))
    }
}
