/// How long the answer to a failed log-in waits, by where it came from (U4); times in milliseconds.
///
/// Addresses share a fixed number of places, so that this never grows; one that shares a place with another that fails
/// waits for the other's faults too, when it fails itself.
struct LoginDelays {
    private struct Place {
        var failures = 0
        var lastAt = 0
    }

    private static let first = 100
    /// After so long without a failure all is forgotten.
    private static let memory = 60_000
    /// Beyond it twice as long would not fit any limit.
    private static let mostDoublings = 20
    private var places: [Place]
    /// The longest delay.
    var most: Int

    init(most: Int) {
        self.most = most
        self.places = Array(repeating: Place(), count: 1_024)
    }

    /// A log-in has failed.
    ///
    /// - Returns: how long its answer waits.
    mutating func delayFailure(from host: String, now: Int) -> Int {
        // Seeded by process: nobody can choose an address that shares a given other's place.
        let index = Int(UInt(bitPattern: host.hashValue) % UInt(self.places.count))
        var place = self.places[index]
        if now - place.lastAt >= Self.memory { place.failures = 0 }
        let delay = min(Self.first << min(place.failures, Self.mostDoublings), self.most)
        place.failures += 1
        place.lastAt = now
        self.places[index] = place
        return delay
    }
}
