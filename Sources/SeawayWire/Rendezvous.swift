/// How brokers stand with a name: rendezvous hashing (SHARDING.md, B3 to B5).
package enum Rendezvous {
    private static let start: UInt64 = 14_695_981_039_346_656_037
    private static let prime: UInt64 = 1_099_511_628_211

    /// Both hashes of a name, made in one pass.
    package struct Hashes: Hashable, Sendable {
        /// Of what brokers are ranked by: up to and including the `!`, or all of it (B3).
        package let key: UInt64
        /// Of the whole name.
        package let name: UInt64
        /// Whether it is of a reply or pinned channel.
        package let isStream: Bool

        package init(_ name: String) {
            var name = name
            self = name.withUTF8 { Hashes(Span(_unsafeElements: $0)) }
        }

        private init(_ name: Span<UInt8>) {
            var hash = Rendezvous.start
            var key: UInt64?
            var isPinned = false
            for index in name.indices {
                hash = (hash ^ UInt64(name[index])) &* Rendezvous.prime
                if name[index] == UInt8(ascii: "!"), key == nil { key = hash }
                if name[index] == UInt8(ascii: "?") { isPinned = true }
            }
            self.key = key ?? hash
            self.name = hash
            self.isStream = key != nil || isPinned
        }
    }

    /// FNV-1a with 64 bits (B4).
    package static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(Self.start) { ($0 ^ UInt64($1)) &* Self.prime }
    }

    /// The highest is first (B5).
    ///
    /// - Parameters:
    ///   - key: of ``Hashes/key``.
    ///   - identity: ``hash(_:)`` of a broker's identity.
    package static func score(key: UInt64, identity: UInt64) -> UInt64 {
        var score = key ^ identity
        score ^= score >> 33
        score &*= 18_397_679_294_719_823_053
        score ^= score >> 33
        score &*= 14_181_476_777_654_086_739
        return score ^ (score >> 33)
    }
}
