/// What a machine gives its processes, as far as that could be read.
package struct HostFacts: Hashable, Sendable {
    /// Descriptors that a process of this user may open at the most (`ulimit -Hn`).
    package var descriptors: Int?
    /// Connections that the system holds before they are accepted (`net.core.somaxconn`).
    package var backlog: Int?
    /// Bytes of memory: of the machine, or what a control group leaves of it.
    package var memory: Int?
    /// Whether a control group limits the memory.
    package var isMemoryLimited = false
    /// Whether the clock is kept right by a time server.
    package var isClockKept: Bool?
    /// Seconds since 1970.
    package var seconds = 0

    package init() {}
}

/// What processes want of it.
package struct HostNeeds: Hashable, Sendable {
    /// Sockets and files.
    package var descriptors: Int
    /// Bytes that may be held for peers.
    package var memory: Int
    package var backlog = 1_024

    package init(descriptors: Int, memory: Int) {
        self.descriptors = descriptors
        self.memory = memory
    }
}

/// Whether a machine has what processes want of it.
package enum HostCheck {
    package static func findings(_ facts: HostFacts, _ needs: HostNeeds) -> [Finding] {
        [
            facts.descriptors.map { self.descriptors($0, needs.descriptors) },
            facts.backlog.map { self.backlog($0, needs.backlog) },
            facts.memory.map { self.memory($0, facts.isMemoryLimited, needs.memory) },
            self.clock(facts),
        ].compactMap(\.self)
    }

    /// Fewer than so many, and hardly anybody can connect.
    private static let fewest = 256

    private static func descriptors(_ have: Int, _ needed: Int) -> Finding {
        let text = "\(have) may be open, the configured connections need \(needed)"
        guard have < needed else { return Finding(.ok, "descriptors", text) }
        return Finding(
            have < self.fewest ? .fail : .warn, "descriptors", text,
            advice: "LimitNOFILE=\(needed) in the unit, or ulimit -n \(needed)")
    }

    private static func backlog(_ have: Int, _ wanted: Int) -> Finding {
        let text = "the system holds \(have) connections that are not accepted yet, \(wanted) are asked for"
        guard have < wanted else { return Finding(.ok, "backlog", text) }
        return Finding(.warn, "backlog", text, advice: "sysctl -w net.core.somaxconn=\(wanted)")
    }

    /// What a process has beside that which it holds for peers, in bytes.
    private static let base = 64 << 20

    private static func memory(_ have: Int, _ isLimited: Bool, _ held: Int) -> Finding {
        let needed = held + self.base
        let text =
            "\(Amount.bytes(have)) \(isLimited ? "are allowed by the control group" : "are there"), "
            + "\(Amount.bytes(needed)) may be needed"
        let advice = "lower max-memory or max-http-memory" + (isLimited ? ", or raise MemoryMax=" : "")
        if have < needed { return Finding(.fail, "memory", text, advice: advice) }
        return have / 4 * 3 < needed
            ? Finding(.warn, "memory", text + ", which leaves little to all else", advice: advice)
            : Finding(.ok, "memory", text)
    }

    /// The first day of 2025: no clock is right that is before it.
    private static let past = 1_735_689_600

    private static func clock(_ facts: HostFacts) -> Finding? {
        guard facts.seconds >= self.past else {
            return Finding(
                .fail, "clock", "it is before 2025: certificates cannot be checked",
                advice: "set it, and have it kept: timedatectl set-ntp true")
        }
        return switch facts.isClockKept {
        case true?: Finding(.ok, "clock", "it is kept by a time server")
        case false?:
            Finding(
                .warn, "clock", "no time server keeps it: certificates and ages of messages may be off",
                advice: "timedatectl set-ntp true")
        case nil: nil
        }
    }
}
