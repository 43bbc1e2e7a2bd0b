/// Why a request was answered with `ERR`: nothing was stored or changed, and the connection lives.
package enum WireRefusal: Error, Hashable, Sendable {
    /// What has no room (S2, M1).
    package enum Store: String, CaseIterable, Hashable, Sendable { case messages, bytes, mailbox, memory }

    /// What is used up (L7, J4, T7, Y5, M1 to M3).
    package enum Resource: String, CaseIterable, Hashable, Sendable {
        case names, members, channels, groups, watches, tails, memory, connections
    }

    case unknown
    case args(String)
    case option(String)
    case name
    case version
    case size(limit: Int)
    case state
    case denied
    case auth
    case reader
    case closing
    case payload
    case gone
    case away
    case limit(of: Resource)
    case full(by: Store)

    /// The fixed word on the wire.
    package var code: WireCode {
        switch self {
        case .unknown: .unknown
        case .args: .args
        case .option: .option
        case .name: .name
        case .version: .version
        case .size: .size
        case .state: .state
        case .denied: .denied
        case .auth: .auth
        case .reader: .reader
        case .closing: .closing
        case .payload: .payload
        case .gone: .gone
        case .away: .away
        case .limit: .limit
        case .full: .full
        }
    }

    /// What stands behind the code: options, then a text for people.
    package var details: String {
        switch self {
        case .unknown: "there is no such verb"
        case .args(let text), .option(let text): text
        case .name: "the name is not legal here"
        case .version: "supported=1 this broker speaks version 1"
        case .size(let limit): "max-body=\(limit) the body is too large"
        case .state: "HELLO comes first or not at all"
        case .denied: "the token does not allow it"
        case .auth: "the token is not known"
        case .reader: "only the reader of the channel may say this"
        case .closing: "the broker is about to leave"
        case .payload: "the body is not one well-formed map"
        case .gone: "the channel was closed by its reader"
        case .away: "nobody listens"
        case .limit(let resource): "of=\(resource.rawValue) the limit is reached"
        case .full(let store): "by=\(store.rawValue) no room"
        }
    }

    /// Whether it makes a stream that has not yet shown a frame in order suspect (F11).
    package var isOfForm: Bool {
        switch self {
        case .unknown, .args, .option, .name, .version, .size: true
        default: false
        }
    }
}

/// The fixed words behind `ERR` (PROTOCOL.md, section 3); one never changes its meaning.
package enum WireCode: String, CaseIterable, Hashable, Sendable {
    case unknown, args, option, name, version, size, state, denied, auth, reader, closing, payload, gone, away, limit
    case full
}
