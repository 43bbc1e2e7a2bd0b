package import SeawayWire

/// Something that is found by its name.
package protocol Named: AnyObject {
    var name: Name { get }
}

/// A name's hash, computed once for several tables; seeded by process, so that no peer can choose names that collide.
struct NameHash: Sendable {
    let value: Int

    @inline(__always)
    init(_ name: Span<UInt8>) {
        var hasher = Hasher()
        name.withUnsafeBytes { hasher.combine(bytes: $0) }
        self.value = hasher.finalize()
    }
}

/// Objects by name, found from bytes that lie anywhere, without making a key of them.
///
/// Open addressing with linear probing: a `Dictionary` would want an array of its own for each look-up.
struct NameTable<Element: Named> {
    private var slots: [Element?]
    /// Of each slot the hash of its element's name: so those that are passed over, or move, need not be looked at.
    private var hashes: [UInt32]
    private(set) var count = 0

    init() {
        self.slots = Array(repeating: nil, count: 16)
        self.hashes = Array(repeating: 0, count: 16)
    }

    @inline(__always)
    func find(_ name: Span<UInt8>, _ hash: NameHash) -> Element? {
        guard self.count > 0 else { return nil }
        let own = Self.short(hash)
        var slot = self.home(of: own)
        while let element = self.slots[slot] {
            if self.hashes[slot] == own, element.name.bytes.equal(name) { return element }
            slot = (slot + 1) & (self.slots.count - 1)
        }
        return nil
    }

    func find(_ name: Name) -> Element? { self.find(name.bytes.span, NameHash(name.bytes.span)) }

    /// Adds an element whose name is not there yet.
    mutating func insert(_ element: Element) {
        if (self.count + 1) * 4 > self.slots.count * 3 { self.resize(to: self.slots.count * 2) }
        self.place(element, Self.short(NameHash(element.name.bytes.span)))
        self.count += 1
    }

    mutating func remove(_ element: Element) {
        let mask = self.slots.count - 1
        var hole = self.home(of: Self.short(NameHash(element.name.bytes.span)))
        while let other = self.slots[hole], other !== element { hole = (hole + 1) & mask }
        guard self.slots[hole] != nil else { return }
        self.slots[hole] = nil
        self.count -= 1
        // Closes the gap, so that every element is still reached from its home.
        var slot = (hole + 1) & mask
        while let other = self.slots[slot] {
            if (slot &- self.home(of: self.hashes[slot])) & mask >= (slot &- hole) & mask {
                self.slots[hole] = other
                self.hashes[hole] = self.hashes[slot]
                self.slots[slot] = nil
                hole = slot
            }
            slot = (slot + 1) & mask
        }
        if self.slots.count > 64, self.count * 8 < self.slots.count { self.resize(to: self.slots.count / 2) }
    }

    var all: [Element] { self.slots.compactMap(\.self) }

    @inline(__always)
    private static func short(_ hash: NameHash) -> UInt32 { UInt32(truncatingIfNeeded: hash.value) }

    @inline(__always)
    private func home(of hash: UInt32) -> Int { Int(hash) & (self.slots.count - 1) }

    private mutating func place(_ element: Element, _ hash: UInt32) {
        var slot = self.home(of: hash)
        while self.slots[slot] != nil { slot = (slot + 1) & (self.slots.count - 1) }
        self.slots[slot] = element
        self.hashes[slot] = hash
    }

    private mutating func resize(to size: Int) {
        var old: [Element?] = Array(repeating: nil, count: size)
        swap(&old, &self.slots)
        let hashes = self.hashes
        self.hashes = Array(repeating: 0, count: size)
        for slot in old.indices where old[slot] != nil {
            var place = self.home(of: hashes[slot])
            while self.slots[place] != nil { place = (place + 1) & (size - 1) }
            // Counting references of very many would take far longer than this.
            swap(&old[slot], &self.slots[place])
            self.hashes[place] = hashes[slot]
        }
    }
}

extension [UInt8] {
    @inline(__always)
    func equal(_ other: Span<UInt8>) -> Bool {
        guard self.count == other.count else { return false }
        for index in 0..<self.count where self[index] != other[index] { return false }
        return true
    }
}
