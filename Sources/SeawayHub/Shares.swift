import SeawayWire

/// How much of what may be held one connection, one address and one token may have (M6).
package struct Shares: Sendable {
    /// A part of what is there, in percent.
    ///
    /// Whoever holds so much may take more only while that is, beside what is left, at most as this part beside the
    /// rest of the whole: so one alone comes to this part of all there is, several share it, and what is left shrinks
    /// ever more slowly but never to nothing.
    package struct Part: Sendable {
        /// 1 to 100; with 100 it bounds nothing.
        package var percent: Int

        package init(percent: Int) { self.percent = percent }

        @inline(__always)
        func allows(_ held: Int, _ left: Int, times: Int = 1) -> Bool {
            held * (100 - self.percent) <= self.percent * times * max(0, left)
        }
    }

    package var connection = Part(percent: 75)
    package var address = Part(percent: 94)
    package var token = Part(percent: 94)

    /// A connection that has at most this part of what is left may have it though its address or token is over its
    /// share, until that is so many times over it.
    static let little = 16
    static let timesOfLittle = 4

    /// What everybody may have as long as it is there.
    @inline(__always)
    static func least(of resource: Resource) -> Int { resource == .memory ? 1 << 20 : 64 }
}

extension Resource {
    var onTheWire: WireRefusal.Resource {
        switch self {
        case .memory: .memory
        case .channels: .channels
        case .groups: .groups
        case .watches: .watches
        case .tails: .tails
        case .delayed: .delayed
        case .keys: .keys
        }
    }
}
