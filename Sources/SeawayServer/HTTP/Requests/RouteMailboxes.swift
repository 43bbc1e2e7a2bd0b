/// In which of an event loop's reply mailboxes the answers come to what a route asks for: each channel that requests go
/// to has its own (protocol/INTERFACE.md, I2), so that those who answer one route are not in the way of another's.
///
/// A request's number says it: of the numbers that are drawn for the boxes, each has every n-th.
package struct RouteMailboxes: Hashable, Sendable {
    /// Routes beyond share the last one.
    package static let most = 64

    private var indices: [String: Int] = [:]

    /// How many there are; 1 at least.
    package let count: Int

    package init(_ routes: Routes<RequestRoute>) {
        var channels = [RequestRoute.fallback.channel]
        for route in routes.targets where !channels.contains(route.channel) { channels.append(route.channel) }
        self.count = min(channels.count, Self.most)
        guard self.count > 1 else { return }
        for (index, channel) in channels.enumerated() { self.indices[channel] = min(index, self.count - 1) }
    }

    package func index(of route: RequestRoute) -> Int { self.count > 1 ? self.indices[route.channel] ?? 0 : 0 }

    /// The n-th number for a mailbox, the first being 1; no other mailbox has it.
    package func number(_ drawn: UInt64, in box: Int) -> UInt64 {
        (drawn &- 1) &* UInt64(self.count) &+ UInt64(box) &+ 1
    }

    /// The mailbox that has a number.
    package func box(of number: UInt64) -> Int { Int((number &- 1) % UInt64(self.count)) }
}
