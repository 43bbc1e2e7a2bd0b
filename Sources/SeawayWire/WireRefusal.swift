/// Why a request was answered with `ERR`: nothing was stored or changed, and the connection lives.
package enum WireRefusal: Error, Hashable, Sendable {
    /// What has no room (S2, M1).
    package enum Store: String, CaseIterable, Hashable, Sendable { case messages, bytes, mailbox, memory }

    /// What is used up (L7, J4, T7, Y5, M1 to M3).
    package enum Resource: String, CaseIterable, Hashable, Sendable {
        case names, members, channels, groups, watches, tails, delayed, keys, memory, connections
    }

    case unknown
    case args(String)
    case option(String)
    case name
    /// A name, or a pattern, of too few bytes or too many (N1).
    case nameLength(Int)
    case version
    /// - Parameter given: 0 where nobody knows.
    case size(limit: Int, given: Int)
    case state
    case denied
    case auth
    case reader
    case closing
    case payload
    case gone
    case away
    /// It is not held any more (D11, D12).
    case late
    /// - Parameters:
    ///   - most: what the limit is.
    ///   - given: what there would be; 0 where that is not counted.
    case limit(of: Resource, most: Int, given: Int)
    /// - Parameter most: what the limit is; 0 where there are two.
    case full(by: Store, most: Int)
    /// There is some left, but not for whoever has that much of it already (M6).
    ///
    /// - Parameter most: what there is for all.
    case share(of: Resource, whose: ShareHolder, most: Int)
    /// The same of the broker's memory, where a message has no room.
    case fullShare(whose: ShareHolder, most: Int)
    /// What keeps a durable channel cannot be asked, or has refused; surely nothing was stored (D18).
    case store(String)
    /// It has not said in time what became of it.
    case maybe

    /// The fixed word on the wire.
    package var code: WireCode {
        switch self {
        case .unknown: .unknown
        case .args: .args
        case .option: .option
        case .name, .nameLength: .name
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
        case .late: .late
        case .limit, .share: .limit
        case .full, .fullShare: .full
        case .store: .store
        case .maybe: .maybe
        }
    }

    /// What stands behind the code: options, then a text for people.
    package var details: String {
        switch self {
        case .unknown: "there is no such verb"
        case .args(let text), .option(let text), .store(let text): text
        case .maybe: "the store has not answered in time: done or not"
        case .name: "the name is not legal here"
        case .nameLength(let count): "a name has 1 to \(Name.maxLength) bytes, this one has \(count)"
        case .version: "supported=1 this broker speaks version 1"
        case .size(let limit, let given): "max-body=\(limit) \(Self.sizeText(limit: limit, given: given))"
        case .state: "HELLO comes first or not at all"
        case .denied: "the token does not allow it"
        case .auth: "the token is not known"
        case .reader: "only the reader of the channel may say this"
        case .closing: "the broker is about to leave"
        case .payload: "the body is not one well-formed map"
        case .gone: "the channel was closed by its reader"
        case .away: "nobody listens"
        case .late: "it is not held by this connection any more"
        case .limit(.memory, let most, _): "of=memory max-memory is \(most) bytes, and this does not fit"
        case .limit(let resource, let most, let given):
            "of=\(resource.rawValue) max-\(resource.rawValue) is \(most), and this would make \(given)"
        case .full(.messages, let most): "by=messages no room: the capacity in messages is \(most)"
        case .full(.bytes, let most): "by=bytes no room: the capacity in bytes is \(most)"
        case .full(.mailbox, _): "by=mailbox no room: the capacity of the mailbox is used up"
        case .full(.memory, let most): "by=memory no room: max-memory is \(most) bytes"
        case .share(let resource, let holder, let most):
            "of=\(resource.rawValue) share=\(holder.rawValue) \(holder.text) of max-\(resource.rawValue), which is \(most)"
        case .fullShare(let holder, let most):
            "by=memory share=\(holder.rawValue) no room: \(holder.text) of max-memory, which is \(most) bytes"
        }
    }

    /// What is wrong with the size of a body.
    package static func sizeText(limit: Int, given: Int) -> String {
        let most = "a body has at most \(limit) bytes"
        return given > 0 ? "\(most), this one has \(given)" : most
    }

    /// Why some bytes are no name for their place: their number, or what they are.
    package static func name(_ bytes: Span<UInt8>) -> WireRefusal {
        (1...Name.maxLength).contains(bytes.count) ? .name : .nameLength(bytes.count)
    }

    /// Whether there is no memory, or no more of it for whoever asks.
    package var isOfMemory: Bool {
        switch self {
        case .full(.memory, _), .fullShare: true
        default: false
        }
    }

    /// Whether it makes a stream that has not yet shown a frame in order suspect (F11).
    package var isOfForm: Bool {
        switch self {
        case .unknown, .args, .option, .name, .nameLength, .version, .size: true
        default: false
        }
    }
}

/// Who has a share of what there is for all (M6).
package enum ShareHolder: String, CaseIterable, Hashable, Sendable {
    case connection, address, token

    var text: String {
        switch self {
        case .connection: "this connection has its share"
        case .address: "what comes from this address has its share"
        case .token: "those with this token have their share"
        }
    }
}

/// The fixed words behind `ERR` (PROTOCOL.md, section 3); one never changes its meaning.
package enum WireCode: String, CaseIterable, Hashable, Sendable {
    case unknown, args, option, name, version, size, state, denied, auth, reader, closing, payload, gone, away, late
    case limit, full, store, maybe
}
