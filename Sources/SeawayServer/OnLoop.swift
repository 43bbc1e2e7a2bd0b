package import NIOCore

/// Something that lives on an event loop, for closures that may run on any thread.
struct OnLoop<Object: AnyObject>: Sendable {
    private let object: NIOLoopBound<Object>

    /// On the event loop only.
    init(_ object: Object, _ eventLoop: any EventLoop) { self.object = NIOLoopBound(object, eventLoop: eventLoop) }

    /// Runs at once on the object's own loop, soon from any other thread.
    func run(_ body: @escaping @Sendable (Object) -> Void) {
        let object = self.object
        if object.eventLoop.inEventLoop { return body(object.value) }
        object.eventLoop.execute { body(object.value) }
    }
}

extension ServerCore {
    var bound: OnLoop<ServerCore> { OnLoop(self, self.eventLoop) }
}

extension Moment {
    package init(_ deadline: NIODeadline) {
        self.init(milliseconds: Int64(deadline.uptimeNanoseconds / 1_000_000))
    }
}
