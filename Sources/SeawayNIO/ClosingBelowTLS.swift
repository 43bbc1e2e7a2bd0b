package import NIOCore
import NIOSSL

extension ChannelHandlerContext {
    /// Ends the connection at once.
    ///
    /// Inside TLS the peer is told, but not waited for: closing as usual takes until it has answered, up to five
    /// seconds.
    package func closeAtOnce() {
        guard let tls = try? self.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) else {
            return self.close(promise: nil)
        }
        self.close(mode: .output, promise: nil)
        tls.close(promise: nil)
    }
}
