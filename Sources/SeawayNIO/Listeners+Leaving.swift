package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Listeners {
    /// Takes the connections that wait, then closes.
    ///
    /// A connection that the system has made and that nobody has accepted is reset when its listener closes, unless
    /// another process has the same socket, or (Linux, `net.ipv4.tcp_migrate_req`) another socket of the same port. So
    /// each listener goes on until none waits, for a bounded number of turns.
    ///
    /// - Parameter loops: those that connections are dealt out to, beside the listeners' own.
    /// - Returns: fulfilled when all are closed; what was accepted has its handlers, or will have them before what its
    ///   loop is asked to do next.
    package func drainAndClose(
        on eventLoop: any EventLoop, dealingOutTo loops: [any EventLoop] = []
    ) -> EventLoopFuture<Void> {
        EventLoopFuture.andAllComplete(self.channels.map { Self.drain($0, loops, turns: 1_000) }, on: eventLoop)
    }

    private static func drain(_ channel: any Channel, _ loops: [any EventLoop], turns: Int) -> EventLoopFuture<Void> {
        channel.eventLoop.flatSubmit {
            guard turns > 0, Self.hasWaiting(channel) else { return Self.close(channel, loops) }
            // The loop accepts in between.
            return Self.drain(channel, loops, turns: turns - 1)
        }
    }

    /// What was accepted goes to its own loop and comes back here once before it is there: a listener that is closed
    /// meanwhile would close it too.
    private static func close(_ channel: any Channel, _ loops: [any EventLoop]) -> EventLoopFuture<Void> {
        channel.setOption(.autoRead, value: false).flatMap {
            EventLoopFuture.andAllComplete(loops.map { $0.submit {} }, on: channel.eventLoop)
        }.flatMap { channel.close() }
    }

    private static func hasWaiting(_ channel: any Channel) -> Bool {
        let waits = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            descriptor in
            var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&question, 1, 0) > 0 && Int(question.revents) & Int(POLLIN) != 0
        }
        return (waits ?? nil) ?? false
    }
}
