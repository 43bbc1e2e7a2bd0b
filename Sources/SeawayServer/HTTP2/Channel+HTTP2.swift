import NIOCore
import NIOHTTP2

extension Channel {
    /// What speaks HTTP/2.
    ///
    /// - Parameter predecessor: what has held the connection's place so far.
    func addHTTP2Handlers(_ core: ServerCore, inPlaceOf predecessor: any ServerConnection) throws {
        let connection = HTTP2Connection(core: core, inPlaceOf: predecessor)
        let bound = NIOLoopBound((core, connection), eventLoop: self.eventLoop)
        // Says GOAWAY when the server leaves; times are looked after by the connection.
        let goodbye = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: self.eventLoop,
            configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil))
        let pipeline = self.pipeline.syncOperations
        let configuration = core.configuration
        try pipeline.addHandler(FlushGathering())
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server,
            connectionConfiguration: configuration.http2.connection(maxHead: configuration.maxRequestHead),
            streamConfiguration: configuration.http2.stream, streamDelegate: goodbye.http2StreamDelegate
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let (core, connection) = bound.value
                try stream.pipeline.syncOperations.addHandler(HTTP2Stream(core: core, connection: connection))
            }
        }
        try pipeline.addHandler(goodbye)
        try pipeline.addHandler(connection)
    }
}
