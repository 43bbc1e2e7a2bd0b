import SeawayWire

/// What is bounded, by the name of the option that sets it.
///
/// How often each bound was met is counted, so that an operator sees which is too tight (`bounds` in `STATS`, Q4).
package enum Bound: String, CaseIterable, Hashable, Sendable {
    case capacity
    case expiry
    case mailboxGrace = "mailbox-grace"
    case maxBody = "max-body"
    case maxMemory = "max-memory"
    case maxConnections = "max-connections"
    case maxLingering = "max-lingering"
    case maxNames = "max-names"
    case maxMembers = "max-members"
    case maxGroups = "max-groups"
    case maxWatches = "max-watches"
    case maxTails = "max-tails"
    case maxChannels = "max-channels"
    case maxHeld = "max-held"
    case maxDelayed = "max-delayed"
    case maxKeys = "max-keys"
    case hold
    case tries
    case maxClosed = "max-closed"
    case maxUnread = "max-unread"
    case frameTimeout = "frame-timeout"
    case unreadTimeout = "unread-timeout"
    case idleTimeout = "idle-timeout"
    case lingerTimeout = "linger-timeout"
    case loginDelay = "login-delay"
    case maxPending = "max-pending"
    case storePatience = "store-patience"
    case maxStrangers = "max-strangers"
    case connectionShare = "connection-share"
    case addressShare = "address-share"
    case tokenShare = "token-share"

    /// The one for whose sake a request is refused; `nil` when it is for another reason.
    init?(_ refusal: WireRefusal) {
        switch refusal {
        case .size: self = .maxBody
        case .full(.memory, _), .limit(.memory, _, _): self = .maxMemory
        case .share(_, .connection, _), .fullShare(.connection, _): self = .connectionShare
        case .share(_, .address, _), .fullShare(.address, _): self = .addressShare
        case .share(_, .token, _), .fullShare(.token, _): self = .tokenShare
        case .full: self = .capacity
        case .limit(.names, _, _): self = .maxNames
        case .limit(.members, _, _): self = .maxMembers
        case .limit(.channels, _, _): self = .maxChannels
        case .limit(.groups, _, _): self = .maxGroups
        case .limit(.watches, _, _): self = .maxWatches
        case .limit(.tails, _, _): self = .maxTails
        case .limit(.delayed, _, _): self = .maxDelayed
        case .limit(.keys, _, _): self = .maxKeys
        case .limit(.connections, _, _): self = .maxConnections
        default: return nil
        }
    }
}

/// What the broker counts besides the store (Q4).
struct BrokerCounters {
    var accepted = 0
    /// Of TLS (U8).
    var failedHandshakes = 0
    /// Connections that could not be taken for want of descriptors, or of the system's memory.
    var acceptFailures = 0
    /// How often somebody had to wait for its turn (A6).
    var putOff = 0
    private(set) var refused: [WireCode: Int] = [:]
    private(set) var ended: [EndReason: Int] = [:]
    private(set) var bounds: [Bound: Int] = [:]
    /// Copies that were pushed to those who look on, and that were not, for want of room (Y3).
    var copied = 0
    var missed = 0

    mutating func count(_ refusal: WireRefusal) {
        self.refused[refusal.code, default: 0] += 1
        if let bound = Bound(refusal) { self.count(bound) }
    }

    /// - Parameter bound: what the connection has met.
    mutating func count(_ end: EndReason, for bound: Bound? = nil) {
        self.ended[end, default: 0] += 1
        if let bound { self.count(bound) }
    }

    mutating func count(_ bound: Bound) { self.bounds[bound, default: 0] += 1 }
}
