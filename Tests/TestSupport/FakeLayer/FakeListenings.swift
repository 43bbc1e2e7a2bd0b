package import SeawayMessage
import Synchronization

/// Who listens on a ``FakeLayer``; each is kept when it is stopped, so that a test can deliver late.
///
/// The first is what a worker works on; later ones are asides.
package final class FakeListenings: Sendable {
    package struct Listener: Sendable {
        package var names: [String]
        package var credit = 0
        package var isStopped = false
        fileprivate var receive: @Sendable (Delivery) -> Void
        fileprivate var event: @Sendable (ListeningEvent) -> Void
    }

    private let opening: ListeningEvent?
    private let listeners = Mutex<[Listener]>([])
    /// What happens to the first.
    package let credits = Inbox<Int>()
    package let stops = Inbox<Void>()
    /// The names of asides.
    package let asides = Inbox<String>()
    package let stoppedAsides = Inbox<String>()

    package init(opening: ListeningEvent?) { self.opening = opening }

    package var all: [Listener] { self.listeners.withLock { $0 } }
    package var first: Listener? { self.all.first }

    package func add(
        _ names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        let listener = Listener(names: names, receive: receive, event: event)
        let place = self.listeners.withLock { listeners in
            listeners.append(listener)
            return listeners.count - 1
        }
        if place > 0 { for name in names { self.asides.put(name) } }
        if let opening { event(opening) }
        return FakeListening(listenings: self, place: place)
    }

    package func deliver(_ delivery: Delivery) {
        let channel = delivery.channels.first ?? ""
        let reader = self.all.last { $0.names.contains { channel.hasPrefix($0) } }
        (reader ?? self.first)?.receive(delivery)
    }

    package func happen(_ event: ListeningEvent, to kind: String?) {
        guard let kind else { return self.first?.event(event) ?? () }
        self.all.last { $0.names.contains { $0.hasPrefix(kind) } }?.event(event)
    }

    fileprivate func grant(_ count: Int, to place: Int) {
        self.listeners.withLock { $0[place].credit += count }
        if place == 0 { self.credits.put(count) }
    }

    fileprivate func stop(_ place: Int) {
        let names = self.listeners.withLock { listeners in
            listeners[place].isStopped = true
            return listeners[place].names
        }
        guard place > 0 else { return self.stops.put(()) }
        for name in names { self.stoppedAsides.put(name) }
    }
}

private final class FakeListening: Listening {
    private let listenings: FakeListenings
    private let place: Int

    init(listenings: FakeListenings, place: Int) {
        self.listenings = listenings
        self.place = place
    }

    func ready(_ count: Int) { self.listenings.grant(count, to: self.place) }
    func stop(_ done: @escaping @Sendable () -> Void) {
        self.listenings.stop(self.place)
        done()
    }
}
