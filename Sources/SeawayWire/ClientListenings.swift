/// What a client listens on, over all its connections: the credit that it has granted, what is paused, which groups its
/// channels are in; and what a broker has to be told of it.
///
/// A `Handle` is what the caller knows a listening by.
package struct ClientListenings<Handle: AnyObject> {
    /// Why a listening cannot begin.
    package enum Fault: Hashable, Sendable {
        /// Another listening of this client has the name.
        case taken(String)
        /// A connection has one credit account besides those of single names (R1, R2).
        case secondShared
    }

    /// What the answer to a `LISTEN` means.
    package enum Progress: Hashable, Sendable {
        /// It has ended, or not all of its names are answered.
        case none
        /// It is in force; these are to be said now.
        case started(isKept: Bool, [ClientLine])
    }

    /// A `READY`: the name whose own credit it is, `nil` for the shared credit.
    package struct Credit: Hashable, Sendable {
        package var count: Int
        package var account: String?

        package init(count: Int, account: String?) {
            self.count = count
            self.account = account
        }
    }

    private var entries: [ObjectIdentifier: Listened] = [:]
    private var readers: [String: ObjectIdentifier] = [:]
    /// The groups of each channel, as the broker has told (L5). The truth about a membership lies with the reader of
    /// its channel.
    private var groups: [String: Set<String>] = [:]
    /// Which `PAUSE` of all that were said holds each channel.
    private var paused: [String: Int] = [:]
    private var pauses = 0
    private var hasUntold = false
    /// Single names that may still take from the shared credit, which has to be empty meanwhile.
    private var makingWay: Set<ObjectIdentifier> = []

    package init() {}

    package var handles: [Handle] { self.entries.values.map { Self.known($0.handle) } }

    /// What ``begin(_:_:)`` has put into an entry, and nobody else does.
    private static func known(_ handle: AnyObject) -> Handle { unsafeDowncast(handle, to: Handle.self) }
}

/// One listening. Not inside the generic type, which would make each look into the table dear.
private struct Listened {
    /// Of the type that the table is for.
    let handle: AnyObject
    let names: [String]
    /// Granted and not used: granted again on the next connection.
    var credit = 0
    /// What the broker has not been told of.
    var untold = 0
    /// `LISTEN` frames without an answer.
    var unanswered = 0
    var isKept = true
    var isListening = false
    var isEnding = false
    /// What was known before this connection.
    var known: Set<Membership> = []

    /// A single name has an account of its own.
    var account: String? { self.names.count == 1 ? self.names.first : nil }
    var mailboxes: [String] { self.names.filter { $0.hasSuffix("!") } }

    /// - Returns: whose message it is.
    mutating func spend() -> AnyObject {
        if self.credit > 0 { self.credit -= 1 }
        return self.handle
    }

    /// - Returns: whether there is something to tell.
    mutating func grant(_ count: Int) -> Bool {
        guard count > 0, !self.isEnding else { return false }
        // More would be cut off by the broker too (R4).
        let granted = min(count, Request.mostCredit - self.credit)
        self.credit += granted
        self.untold += granted
        return self.isListening
    }
}

private struct Membership: Hashable {
    let group: String
    let channel: String
}

// MARK: Beginning and ending
extension ClientListenings {
    package mutating func begin(_ handle: Handle, _ names: [String]) -> Fault? {
        if let name = names.first(where: { self.readers[$0] != nil }) { return .taken(name) }
        let isShared = names.count > 1
        if isShared, self.entries.values.contains(where: { $0.account == nil }) { return .secondShared }
        let id = ObjectIdentifier(handle)
        self.entries[id] = Listened(handle: handle, names: names)
        for name in names { self.readers[name] = id }
        return nil
    }

    /// The name that gets an account of its own, with `READY 0 NAME` behind its `LISTEN`.
    package func account(of handle: Handle) -> String? { self.entries[ObjectIdentifier(handle)]?.account }

    /// To be called before ``listen(_:)``: a single name begins in the shared credit (R2), which must not pay for it.
    ///
    /// - Returns: whether `READY 0` has to be said first; what was withdrawn is granted again when the `LISTEN` is
    ///   answered.
    package mutating func makeWay(for handle: Handle) -> Bool {
        let id = ObjectIdentifier(handle)
        let isShared = self.entries.values.contains { $0.account == nil && $0.isListening }
        guard self.entries[id]?.account != nil, isShared
        else { return false }
        self.makingWay.insert(id)
        return true
    }

    private mutating func wayIsClear(of id: ObjectIdentifier) {
        guard self.makingWay.remove(id) != nil, self.makingWay.isEmpty else { return }
        for (id, entry) in self.entries where entry.account == nil && entry.isListening && !entry.isEnding {
            self.entries[id]?.untold = entry.credit
            self.hasUntold = true
        }
    }

    /// - Parameter acknowledged: those of its names whose messages are to be acknowledged (L8).
    /// - Returns: what this connection has to be told; each line will be answered.
    package mutating func listen(_ handle: Handle, acknowledged: Set<String> = []) -> [ClientLine] {
        let id = ObjectIdentifier(handle)
        guard let entry = self.entries[id], !entry.isEnding else { return [] }
        let mailboxes = entry.mailboxes
        let plain = acknowledged.isEmpty ? entry.names : entry.names.filter { !acknowledged.contains($0) }
        var lines: [ClientLine] = []
        if !plain.isEmpty {
            lines += ClientLine("LISTEN", plain, option: mailboxes.isEmpty ? nil : "members=1").split()
        }
        if !acknowledged.isEmpty {
            lines += ClientLine("LISTEN", entry.names.filter(acknowledged.contains), option: "Ack=1").split()
        }
        // Adds to what an earlier connection has not lived to restore.
        let known = self.forgetMemberships(of: mailboxes)
        self.entries[id]?.known.formUnion(known)
        self.entries[id]?.unanswered = lines.count
        self.entries[id]?.isKept = true
        return lines
    }

    /// The broker has answered one `LISTEN` with `OK`.
    package mutating func listened(_ handle: Handle, isKept: Bool) -> Progress {
        let id = ObjectIdentifier(handle)
        guard var entry = self.entries[id], entry.unanswered > 0 else { return .none }
        self.wayIsClear(of: id)
        entry.unanswered -= 1
        entry.isKept = entry.isKept && isKept
        guard entry.unanswered == 0, !entry.isEnding else {
            self.entries[id] = entry
            return .none
        }
        entry.isListening = true
        entry.untold = entry.credit
        self.hasUntold = true
        let lost = entry.isKept ? [] : entry.known.filter { self.groups[$0.channel]?.contains($0.group) != true }
        entry.known = []
        self.entries[id] = entry
        // One each: a channel that is gone refuses a whole line (J1).
        let joins = lost.map { ClientLine("JOIN", [$0.group, $0.channel]) }
        let pauses = self.paused.keys.filter { self.reader(of: $0) == id }.map { ClientLine("PAUSE", [$0]) }
        return .started(isKept: entry.isKept, pauses + joins)
    }

    /// What still waits in the mailboxes of a listening that ends is taken, at most so many messages of each: nobody
    /// else would get it (L6).
    private static var lastMessages: Int { 65_536 }

    /// The accounts of a listening on several names, to be filled before ``stop(_:)`` is said and behind `READY 0`.
    package func lastCredit(of handle: Handle) -> [Credit] {
        guard let entry = self.entries[ObjectIdentifier(handle)], entry.isListening, entry.account == nil else {
            return []
        }
        return entry.mailboxes.map { Credit(count: Self.lastMessages, account: $0) }
    }

    /// - Returns: what the connection has to be told, if it is told anything; when that is answered, ``end(_:)``.
    package mutating func stop(_ handle: Handle) -> (lines: [ClientLine], withdrawsCredit: Bool) {
        let id = ObjectIdentifier(handle)
        guard let entry = self.entries[id] else { return ([], false) }
        self.entries[id]?.isEnding = true
        self.entries[id]?.untold = 0
        guard entry.isListening || entry.unanswered > 0 else { return ([], false) }
        return (ClientLine("UNLISTEN", entry.names).split(), entry.account == nil)
    }

    /// Nothing more will be delivered to it.
    package mutating func end(_ handle: Handle) {
        guard let entry = self.entries.removeValue(forKey: ObjectIdentifier(handle)) else { return }
        self.wayIsClear(of: ObjectIdentifier(handle))
        for name in entry.names { self.readers[name] = nil }
        _ = self.forgetMemberships(of: entry.mailboxes)
        self.paused = self.paused.filter { self.reader(of: $0.key) != nil }
    }

    /// Another connection reads the name now (L2): the listening is over.
    ///
    /// - Returns: whose it was, what is to be said of its other names, and whether `READY 0` is: nobody is to use its
    ///   credit up.
    package mutating func lost(_ name: String) -> (handle: Handle, lines: [ClientLine], withdrawsCredit: Bool)? {
        guard let entry = self.readers[name].flatMap({ self.entries[$0] }) else { return nil }
        let others = entry.names.filter { $0 != name }
        self.end(Self.known(entry.handle))
        let lines = others.isEmpty ? [] : ClientLine("UNLISTEN", others).split()
        return (Self.known(entry.handle), lines, entry.account == nil)
    }

    /// The connection is lost.
    ///
    /// - Returns: what had been in force.
    package mutating func disconnect() -> [Handle] {
        self.makingWay = []
        var interrupted: [Handle] = []
        for (id, entry) in self.entries {
            if entry.isListening { interrupted.append(Self.known(entry.handle)) }
            self.entries[id]?.isListening = false
            self.entries[id]?.unanswered = 0
        }
        return interrupted
    }
}

// MARK: Deliveries and credit
extension ClientListenings {
    /// Whose message it is; it costs a credit.
    package mutating func deliver(to channel: String) -> Handle? {
        self.reader(of: channel).flatMap { self.entries[$0]?.spend() }.map(Self.known)
    }

    private func reader(of channel: String) -> ObjectIdentifier? {
        if let id = self.readers[channel] { return id }
        guard let mark = channel.utf8.firstIndex(of: UInt8(ascii: "!")) else { return nil }
        return self.readers[String(Substring(channel.utf8.prefix(through: mark)))]
    }

    package mutating func grant(_ count: Int, to handle: Handle) {
        guard self.entries[ObjectIdentifier(handle)]?.grant(count) == true else { return }
        self.hasUntold = true
    }

    /// Takes back the credit that was not used.
    ///
    /// - Returns: the account that is to be emptied with `READY 0`, `.some(nil)` for the shared credit; `nil` when
    ///   nothing is to be said.
    package mutating func withdraw(from handle: Handle) -> String?? {
        let id = ObjectIdentifier(handle)
        guard let entry = self.entries[id] else { return nil }
        self.entries[id]?.credit = 0
        self.entries[id]?.untold = 0
        return entry.isListening ? .some(entry.account) : nil
    }

    /// The credit that the connection has to be told of.
    package mutating func takeCredit() -> [Credit] {
        guard self.hasUntold else { return [] }
        self.hasUntold = false
        var credits: [Credit] = []
        for (id, entry) in self.entries where entry.isListening && entry.untold > 0 {
            guard entry.account != nil || self.makingWay.isEmpty else { continue }
            credits.append(Credit(count: entry.untold, account: entry.account))
            self.entries[id]?.untold = 0
        }
        return credits
    }
}

// MARK: Channels of mailboxes
extension ClientListenings {
    package mutating func joined(_ group: String, _ channels: [String]) {
        for channel in channels { self.groups[channel, default: []].insert(group) }
    }

    package mutating func left(_ group: String, _ channels: [String]) {
        for channel in channels {
            self.groups[channel]?.remove(group)
            if self.groups[channel]?.isEmpty == true { self.groups[channel] = nil }
        }
    }

    private mutating func forgetMemberships(of mailboxes: [String]) -> Set<Membership> {
        var forgotten: Set<Membership> = []
        guard !mailboxes.isEmpty else { return forgotten }
        for (channel, groups) in self.groups where mailboxes.contains(where: { channel.hasPrefix($0) }) {
            forgotten.formUnion(groups.map { Membership(group: $0, channel: channel) })
            self.groups[channel] = nil
        }
        return forgotten
    }

    /// - Returns: the number of this `PAUSE` when it is new, and so to be told.
    package mutating func pause(_ channel: String) -> Int? {
        guard self.reader(of: channel) != nil, self.paused[channel] == nil else { return nil }
        self.pauses += 1
        self.paused[channel] = self.pauses
        return self.pauses
    }

    /// The broker has not taken it: another connection reads that very channel. Unless it was said anew since, nothing
    /// is paused.
    package mutating func pauseRefused(_ channel: String, _ number: Int) {
        if self.paused[channel] == number { self.paused[channel] = nil }
    }

    /// - Returns: whether that is new, and so to be told.
    package mutating func resume(_ channel: String) -> Bool { self.paused.removeValue(forKey: channel) != nil }

    /// A channel is over (C1).
    ///
    /// - Returns: whether it is ours, and so to be told.
    package mutating func close(_ channel: String) -> Bool {
        guard let id = self.reader(of: channel) else { return false }
        self.paused[channel] = nil
        self.groups[channel] = nil
        if let known = self.entries[id]?.known, !known.isEmpty {
            self.entries[id]?.known = known.filter { $0.channel != channel }
        }
        return true
    }
}
