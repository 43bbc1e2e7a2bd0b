import SeawayNIO
import Synchronization

/// How many there are of something in a whole server.
///
/// All of its loops count here, when one begins or ends; nothing that is done for a message does.
struct SharedCount: ~Copyable, Sendable {
    private let value = Atomic<Int>(0)

    /// Takes a place.
    ///
    /// - Returns: whether there was one.
    func enter(below limit: Int) -> Bool {
        var known = self.value.load(ordering: .relaxed)
        while known < limit {
            let (isDone, found) = self.value.weakCompareExchange(
                expected: known, desired: known + 1, ordering: .relaxed)
            if isDone { return true }
            known = found
        }
        return false
    }

    /// Whether there is a place now; another loop may take it meanwhile.
    func hasRoom(below limit: Int) -> Bool { self.value.load(ordering: .relaxed) < limit }

    /// Counts one more, whatever the limit.
    func add() { self.value.add(1, ordering: .relaxed) }

    func leave() { self.value.subtract(1, ordering: .relaxed) }
}

/// How much each client has open in a whole server, by its address, or its /64 of IPv6 (protocol/INTERFACE.md, I68).
///
/// Asked when something is opened or ends.
struct SharedAddresses: ~Copyable, Sendable {
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// Takes one of the places of an address.
    ///
    /// - Returns: whether there was one.
    func enter(_ address: IPAddress, below limit: Int) -> Bool {
        let address = address.clientNetwork
        return self.counts.withLock { counts in
            let count = counts[address, default: 0]
            guard count < limit else { return false }
            counts[address] = count + 1
            return true
        }
    }

    func leave(_ address: IPAddress) {
        let address = address.clientNetwork
        self.counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }
}
