import NIOCore
import NIOHTTP2

extension Channel {
    /// What speaks HTTP/2.
    ///
    /// - Parameter predecessor: what has held the connection's place so far.
    func addHTTP2Handlers(_ core: ServerCore, inPlaceOf predecessor: any ServerConnection) throws {
        let connection = HTTP2Connection(core: core, inPlaceOf: predecessor)
        let pipeline = self.pipeline.syncOperations
        let configuration = core.configuration
        try pipeline.addHandler(WriteGathering())
        // Without a multiplexer of its own: a channel for each stream would cost more than the rest of a request.
        try pipeline.addHandler(
            NIOHTTP2Handler(
                mode: .server, frameDelegate: connection,
                connectionConfiguration: configuration.http2.connection(maxHead: configuration.maxRequestHead),
                streamConfiguration: configuration.http2.stream))
        try pipeline.addHandler(connection)
        // Says GOAWAY when the server leaves; times are looked after by the connection.
        try pipeline.addHandler(
            NIOHTTP2ServerConnectionManagementHandler(
                eventLoop: self.eventLoop,
                configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil)))
    }
}
