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
    private(set) var count = 0

    init() { self.slots = Array(repeating: nil, count: 16) }

    @inline(__always)
    func find(_ name: Span<UInt8>, _ hash: NameHash) -> Element? {
        guard self.count > 0 else { return nil }
        var slot = hash.value & (self.slots.count - 1)
        while let element = self.slots[slot] {
            if element.name.bytes.equal(name) { return element }
            slot = (slot + 1) & (self.slots.count - 1)
        }
        return nil
    }

    func find(_ name: Name) -> Element? { self.find(name.bytes.span, NameHash(name.bytes.span)) }

    /// Adds an element whose name is not there yet.
    mutating func insert(_ element: Element) {
        if (self.count + 1) * 4 > self.slots.count * 3 { self.resize(to: self.slots.count * 2) }
        self.place(element)
        self.count += 1
    }

    mutating func remove(_ element: Element) {
        let mask = self.slots.count - 1
        var hole = self.home(of: element)
        while let other = self.slots[hole], other !== element { hole = (hole + 1) & mask }
        guard self.slots[hole] != nil else { return }
        self.slots[hole] = nil
        self.count -= 1
        // Closes the gap, so that every element is still reached from its home.
        var slot = (hole + 1) & mask
        while let other = self.slots[slot] {
            if (slot &- self.home(of: other)) & mask >= (slot &- hole) & mask {
                self.slots[hole] = other
                self.slots[slot] = nil
                hole = slot
            }
            slot = (slot + 1) & mask
        }
        if self.slots.count > 64, self.count * 8 < self.slots.count { self.resize(to: self.slots.count / 2) }
    }

    var all: [Element] { self.slots.compactMap(\.self) }

    private func home(of element: Element) -> Int {
        NameHash(element.name.bytes.span).value & (self.slots.count - 1)
    }

    private mutating func place(_ element: Element) {
        var slot = self.home(of: element)
        while self.slots[slot] != nil { slot = (slot + 1) & (self.slots.count - 1) }
        self.slots[slot] = element
    }

    private mutating func resize(to size: Int) {
        let old = self.slots
        self.slots = Array(repeating: nil, count: size)
        for case let element? in old { self.place(element) }
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
