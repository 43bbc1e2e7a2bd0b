import SeawayStore
import SeawayWire

/// A store in memory that answers when it is told to, and as it is told to.
final class ScriptedStore: MessageStore {
    /// What becomes of what it is asked.
    enum Mood: String, Decodable, Sendable {
        case answers
        /// Carried out and answered when it answers again.
        case holds
        /// Nothing is done, and it says so.
        case fails
        /// Carried out, and nobody knows.
        case forgets
    }

    struct Entry {
        let place: StorePlace
        let body: [UInt8]
        let format: BodyFormat
        let due: Int
        var times = 0
        var isInHand = false
        var death: StoreDeath?
    }

    weak var user: (any MessageStoreUser)?
    var mood = Mood.answers
    private(set) var counters = StoreCounters()
    private(set) var entries: [Name: [Entry]] = [:]
    /// What was asked, in order: `acknowledge q 1`, `demand q 5`, …
    private(set) var log: [String] = []
    private(set) var hasStopped = false
    private var keys: Set<String> = []
    private var demands: [Name: Int] = [:]
    private var waiting: [() -> Void] = []
    private var last: UInt64 = 0
    private let patterns: [Pattern]
    private let capacity: Int
    private let now: () -> Int

    init(durable patterns: [String], capacity: Int = 100, now: @escaping () -> Int) {
        self.patterns = patterns.compactMap(Pattern.init)
        self.capacity = capacity
        self.now = now
    }

    func takeLog() -> [String] {
        defer { self.log = [] }
        return self.log
    }

    /// Answers what is asked, and delivers what is wanted.
    ///
    /// - Returns: whether there was anything.
    func run() -> Bool {
        var did = false
        if self.mood != .holds {
            let waiting = self.waiting
            self.waiting = []
            did = !waiting.isEmpty
            for call in waiting { call() }
        }
        return self.giveOut() || did
    }

    private func giveOut() -> Bool {
        guard self.mood == .answers else { return false }
        for (channel, demand) in self.demands.sorted(by: { $0.key < $1.key }) where demand > 0 {
            guard
                let index = self.entries[channel]?.firstIndex(where: { !$0.isInHand && $0.due <= self.now() }),
                var entry = self.entries[channel]?[index]
            else { continue }
            entry.times += 1
            entry.isInHand = true
            self.entries[channel]?[index] = entry
            self.demands[channel] = demand - 1
            self.counters.delivered += 1
            let delivery = StoreDelivery(
                channel: channel, place: entry.place, times: entry.times, format: entry.format, death: entry.death)
            self.user?.arrived(delivery, body: entry.body.span)
            return true
        }
        return false
    }

    /// What a broker gets that has asked for nothing.
    func giveOut(_ number: UInt64, on channel: String) {
        guard let name = Name(channel),
            let index = self.entries[name]?.firstIndex(where: { $0.place.sequence == number }),
            let entry = self.entries[name]?[index]
        else { return }
        self.entries[name]?[index].isInHand = true
        self.entries[name]?[index].times += 1
        let delivery = StoreDelivery(channel: name, place: entry.place, times: entry.times + 1, format: entry.format)
        self.user?.arrived(delivery, body: entry.body.span)
    }

    // MARK: Being asked

    func start(then: @escaping (StoreFault?) -> Void) { self.waiting.append { then(nil) } }

    func stop(within milliseconds: Int, then: @escaping () -> Void) {
        self.hasStopped = true
        self.waiting.append(then)
    }

    func keeps(_ channel: Span<UInt8>) -> Bool {
        let name = Name(checked: channel.array)
        return self.patterns.contains { $0.matches(name) }
    }

    private func answer(_ carryOut: @escaping () -> Void, _ fail: @escaping (StoreFault) -> Void) {
        self.waiting.append {
            switch self.mood {
            case .answers, .holds: carryOut()
            case .fails: fail(.unavailable("it is away"))
            case .forgets: fail(.unknown)
            }
        }
    }

    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Name, _ terms: StoreTerms,
        then: @escaping (StoreSendOutcome) -> Void
    ) {
        let bytes = body.array
        self.answer(
            {
                let most = terms.capacity ?? self.capacity
                if let key = terms.once, self.keys.contains("\(channel) \(key)") {
                    return then(.repeated)
                }
                guard self.entries[channel, default: []].count < most else { return then(.full(most: most)) }
                if let key = terms.once { self.keys.insert("\(channel) \(key)") }
                self.last += 1
                let due = self.now() + (terms.delay ?? 0)
                self.entries[channel, default: []].append(
                    Entry(place: StorePlace(self.last), body: bytes, format: format, due: due))
                self.counters.stored += 1
                then(.stored)
            }, { then(.failed($0)) })
    }

    func setDemand(_ count: Int, of channel: Name) {
        self.log.append("demand \(channel) \(count)")
        self.demands[channel] = count
    }

    func acknowledge(_ place: StorePlace, of channel: Name, then: @escaping (StoreFault?) -> Void) {
        self.log.append("acknowledge \(channel) \(place.sequence)")
        self.answer(
            {
                self.remove(place, of: channel)
                self.counters.acknowledged += 1
                then(nil)
            }, then)
    }

    private func remove(_ place: StorePlace, of channel: Name) {
        self.entries[channel]?.removeAll { $0.place == place }
    }

    func giveBack(_ place: StorePlace, of channel: Name, after delay: Int) {
        self.log.append("back \(channel) \(place.sequence) \(delay)")
        guard let index = self.entries[channel]?.firstIndex(where: { $0.place == place }),
            let entry = self.entries[channel]?[index]
        else { return }
        self.counters.givenBack += 1
        self.entries[channel]?[index] = Entry(
            place: place, body: entry.body, format: entry.format, due: self.now() + delay, times: entry.times,
            death: entry.death)
    }

    func giveUp(_ place: StorePlace, of channel: Name, _ death: StoreDeath, then: @escaping (StoreFault?) -> Void) {
        self.log.append("dead \(channel) \(place.sequence) \(death.cause) \(death.times)")
        self.answer(
            {
                guard let entry = self.entries[channel]?.first(where: { $0.place == place }),
                    let dead = Name("\(channel).dead")
                else { return then(nil) }
                self.remove(place, of: channel)
                self.last += 1
                self.entries[dead, default: []].append(
                    Entry(
                        place: StorePlace(self.last), body: entry.body, format: entry.format, due: self.now(),
                        death: death))
                self.counters.dead += 1
                then(nil)
            }, then)
    }

    func look(
        at channel: Name, from first: Int, most: Int, then: @escaping (Result<[StoreSight], StoreFault>) -> Void
    ) {
        self.answer(
            {
                let all = self.entries[channel, default: []].filter { !$0.isInHand }.dropFirst(first).prefix(most)
                then(.success(all.map { StoreSight(age: 0, format: $0.format, body: $0.body, death: $0.death) }))
            }, { then(.failure($0)) })
    }

    func counts(then: @escaping (Result<[StoreCount], StoreFault>) -> Void) {
        self.answer(
            {
                let counts = self.entries.filter { !$0.value.isEmpty }.map { channel, entries in
                    StoreCount(
                        channel: channel, messages: entries.count, held: entries.count { $0.isInHand },
                        delayed: entries.count { !$0.isInHand && $0.due > self.now() })
                }
                then(.success(counts.sorted { $0.channel < $1.channel }))
            }, { then(.failure($0)) })
    }

    func remove(_ pattern: Pattern?, then: @escaping (Result<Int, StoreFault>) -> Void) {
        self.answer(
            {
                var count = 0
                for (channel, entries) in self.entries where pattern?.matches(channel) != false {
                    let left = entries.filter(\.isInHand)
                    count += entries.count - left.count
                    self.entries[channel] = left
                }
                then(.success(count))
            }, { then(.failure($0)) })
    }
}
