import NIOCore
import SeawayNIO

/// What holds the place of a connection until it is known what speaks on it, in the connection's own pipeline.
protocol PlaceHolder: ChannelInboundHandler, ServerConnection {
    var core: ServerCore { get }
    var place: HeldPlace { get set }

    /// There is no place for the connection, which nobody watches then.
    func turnAway(_ context: ChannelHandlerContext)
    /// It is not known in time.
    func isLate()
}

/// Since when a place is held, for how long, and for whom.
struct HeldPlace {
    private let began: Moment
    private let limit: Duration
    /// `nil` before the connection is there, and when it is known what speaks on it, or that nothing will.
    private(set) var context: ChannelHandlerContext?

    init(since now: Moment, atMost limit: Duration) {
        self.began = now
        self.limit = limit
    }

    fileprivate mutating func begin(_ context: ChannelHandlerContext) { self.context = context }

    /// From now on somebody else cares for the connection.
    mutating func take() -> ChannelHandlerContext? { self.context.take() }

    fileprivate func isLate(at now: Moment) -> Bool { self.isHeld(for: self.limit, at: now) }

    fileprivate func isHeld(for time: Duration, at now: Moment) -> Bool {
        self.context != nil && self.began + time <= now
    }
}

extension PlaceHolder {
    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.enter(context)
        context.fireChannelActive()
    }

    private func enter(_ context: ChannelHandlerContext) {
        guard self.core.enter(self) else { return self.turnAway(context) }
        self.place.begin(context)
    }

    /// Gives the place back, if it is held still.
    ///
    /// - Returns: for who ends the connection.
    @discardableResult
    func leave() -> ChannelHandlerContext? {
        guard let context = self.place.take() else { return nil }
        self.core.leave(self)
        return context
    }

    // MARK: What the server sees to

    var use: ConnectionUse { self.place.context == nil ? .busy : .unused }

    var addresses: ConnectionAddresses { self.place.context.map { self.core.addresses(of: $0.channel) } ?? .init() }

    func giveWay() { self.abort(.left) }

    func sweep(at now: Moment) {
        if self.place.isLate(at: now) { self.isLate() } else if self.core.isDraining { self.drain() }
    }

    /// A client that has just come may be asking at this moment: it has a second to show what it speaks (I25).
    func drain() {
        guard self.place.isHeld(for: self.core.configuration.lastCall, at: self.core.now) else { return }
        self.leave()?.closeAtOnce()
    }

    func abort(_ ending: RequestEnd) { self.leave()?.closeAtOnce() }
}
