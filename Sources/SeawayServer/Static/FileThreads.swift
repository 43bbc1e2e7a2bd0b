package import NIOCore
package import NIOPosix

/// Where work is done that waits for a disk.
package protocol FileThreads: Sendable {
    /// - Parameter then: gets the result on the event loop.
    func run<Value: Sendable>(
        on eventLoop: any EventLoop, _ work: @escaping @Sendable () -> Value,
        then: @escaping @Sendable (Value) -> Void)
}

/// A pool of a few threads, as NIO shares one for such work.
package struct PoolThreads: FileThreads {
    private let pool: NIOThreadPool

    package init(_ pool: NIOThreadPool = .singleton) { self.pool = pool }

    package func run<Value: Sendable>(
        on eventLoop: any EventLoop, _ work: @escaping @Sendable () -> Value,
        then: @escaping @Sendable (Value) -> Void
    ) {
        self.pool.submit { _ in
            let value = work()
            eventLoop.execute { then(value) }
        }
    }
}
