import NIOCore

/// The core for closures that may run on any thread.
struct LoopBoundCore: Sendable {
    private let core: NIOLoopBound<ServerCore>

    fileprivate init(_ core: ServerCore) { self.core = NIOLoopBound(core, eventLoop: core.eventLoop) }

    /// Runs at once on the core's own loop, soon from any other thread.
    func run(_ body: @escaping @Sendable (ServerCore) -> Void) {
        let core = self.core
        if core.eventLoop.inEventLoop { return body(core.value) }
        core.eventLoop.execute { body(core.value) }
    }
}

extension ServerCore {
    var bound: LoopBoundCore { LoopBoundCore(self) }
}

extension Moment {
    init(_ deadline: NIODeadline) {
        self.init(milliseconds: Int64(deadline.uptimeNanoseconds / 1_000_000))
    }
}
