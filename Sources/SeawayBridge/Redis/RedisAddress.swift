import NIOCore
import NIOPosix

/// Where a Redis server is, how it knows us, and how long it may be silent.
package struct RedisAddress: Sendable, CustomStringConvertible {
    package enum Target: Hashable, Sendable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    package let target: Target
    package let password: [UInt8]?
    package let limits: ServiceLimits
    /// Bytes of one value that the server sends.
    package var maxValue = 16 << 20

    package init(_ target: Target, password: [UInt8]?, limits: ServiceLimits) {
        self.target = target
        self.password = password
        self.limits = limits
    }

    package var description: String {
        switch self.target {
        case .tcp(let host, let port): "redis \(host):\(port)"
        case .unix(let path): "redis unix:\(path)"
        }
    }

    /// - Throws: when nobody answers there in time.
    func connect<Connection: Sendable>(
        _ eventLoop: any EventLoop, _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>
    ) async throws -> Connection {
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(.init(self.limits.answer))
            .channelOption(.socketOption(.so_keepalive), value: 1)
        return switch self.target {
        case .tcp(let host, let port):
            try await bootstrap.connect(host: host, port: port, channelInitializer: initialize)
        case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: initialize)
        }
    }
}
