package import NIOCore
import NIOHTTP1
import SeawayNIO

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Channel {
    /// Turns an HTTP connection whose 101 was written into a WebSocket.
    ///
    /// Call it on the event loop, after the handler that takes HTTP's parts has left the pipeline. The decoder may
    /// still be there, made with `leftOverBytesStrategy: .forwardBytes`: it is removed, and what came behind the
    /// request goes to the peer.
    package func addWebSocketHandlers(_ peer: WebSocketPeer) throws {
        let pipeline = self.pipeline.syncOperations
        // A browser that can send no Close frame any more has left.
        try self.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        // Small, because most sockets are silent most of the time.
        try self.syncOptions?.setOption(
            .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 16_384))
        // What is in the channel cannot be dropped any more: as little as keeps a fast client busy.
        try self.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 16_384, high: 65_536))
        // The same for the system, which would keep megabytes; where it knows no such option, it does.
        try? self.syncOptions?.setOption(.tcpOption(.init(rawValue: CInt(TCP_NOTSENT_LOWAT))), value: 65_536)
        try pipeline.addHandler(peer)
        // Last, because it hands what it has left to the handler behind it.
        guard let decoder = try? pipeline.handler(type: ByteToMessageHandler<RequestDecoder>.self) else { return }
        pipeline.removeHandler(decoder, promise: nil)
        guard let pipelined = try? pipeline.handler(type: PipelinedInput.self) else { return }
        pipeline.removeHandler(pipelined, promise: nil)
    }
}
