import SeawayMessage
import Synchronization

/// Who listens on a ``FakeLayer``; each is kept when it is stopped, so that a test can deliver late.
///
/// The first is what a worker works on; later ones are asides.
final class FakeListenings: Sendable {
    struct Listener: Sendable {
        var names: [String]
        var terms: ListeningTerms
        var credit = 0
        var isStopped = false
        fileprivate var receive: @Sendable (Delivery) -> Void
        fileprivate var event: @Sendable (ListeningEvent) -> Void
    }

    private let opening: ListeningEvent?
    private let listeners = Mutex<[Listener]>([])
    /// What happens to the first.
    let credits = Arrivals<Int>()
    let stops = Arrivals<Void>()
    /// The names of asides.
    let asides = Arrivals<String>()
    let stoppedAsides = Arrivals<String>()

    init(opening: ListeningEvent?) { self.opening = opening }

    var all: [Listener] { self.listeners.withLock { $0 } }
    var first: Listener? { self.all.first }

    func add(
        _ names: [String], _ terms: ListeningTerms, receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        let listener = Listener(names: names, terms: terms, receive: receive, event: event)
        let place = self.listeners.withLock { listeners in
            listeners.append(listener)
            return listeners.count - 1
        }
        if place > 0 { for name in names { self.asides.put(name) } }
        if let opening { event(opening) }
        return FakeListening(listenings: self, place: place)
    }

    func deliver(_ delivery: Delivery) {
        let channel = delivery.channels.first ?? ""
        let reader = self.all.last { $0.names.contains { channel.hasPrefix($0) } }
        (reader ?? self.first)?.receive(delivery)
    }

    func happen(_ event: ListeningEvent, to kind: String?) {
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
