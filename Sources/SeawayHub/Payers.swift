import SeawayWire

/// The number of somebody who pays for what is held; 0 is the broker itself, which nobody bounds.
package typealias PayerID = UInt32

/// What can be used up, and of which everybody has a share (M6).
enum Resource: Int, CaseIterable {
    case memory, channels, groups, watches, tails, delayed, keys
}

/// What is held for one connection, one address or one token.
struct Holding {
    private var amounts: (Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0)

    @inline(__always)
    subscript(_ resource: Resource) -> Int {
        get {
            switch resource {
            case .memory: self.amounts.0
            case .channels: self.amounts.1
            case .groups: self.amounts.2
            case .watches: self.amounts.3
            case .tails: self.amounts.4
            case .delayed: self.amounts.5
            case .keys: self.amounts.6
            }
        }
        set {
            switch resource {
            case .memory: self.amounts.0 = newValue
            case .channels: self.amounts.1 = newValue
            case .groups: self.amounts.2 = newValue
            case .watches: self.amounts.3 = newValue
            case .tails: self.amounts.4 = newValue
            case .delayed: self.amounts.5 = newValue
            case .keys: self.amounts.6 = newValue
            }
        }
    }

    /// Tuples of more than six have no `==`.
    var isEmpty: Bool {
        let all = self.amounts
        return all.0 | all.1 | all.2 | all.3 | all.4 | all.5 | all.6 == 0
    }
}

/// Who pays for what is held: each connection, and with it its address and its token (M6).
///
/// Whatever is stored says by a number who pays for it; so a connection that is gone, and its address and token through
/// it, pay until the last of it has left.
struct Payers {
    private struct Account {
        var held = Holding()
        /// Those that pay too; 0 of an address and of a token.
        var address: PayerID = 0
        var token: PayerID = 0
        /// Connections of an address or a token.
        var connections = 0
        var isOpen = true
    }

    /// The first is the broker itself.
    private var accounts = [Account()]
    private var free: [PayerID] = []
    private var addresses: [String: PayerID] = [:]
    private var tokens: [String: PayerID] = [:]
    private var names: [PayerID: String] = [:]

    /// How many have an account, addresses and tokens included.
    var count: Int { self.accounts.count - self.free.count - 1 }

    // MARK: Beginning and ending

    /// A connection begins.
    mutating func open(address: String, token: String) -> PayerID {
        let account = Account(
            address: self.party(address, in: \.addresses), token: self.party(token, in: \.tokens))
        return self.add(account)
    }

    /// It has logged in: what it holds is its token's from now on.
    mutating func move(_ id: PayerID, to token: String) {
        guard id != 0 else { return }
        let new = self.party(token, in: \.tokens)
        let old = self.accounts[Int(id)].token
        for resource in Resource.allCases {
            let amount = self.accounts[Int(id)].held[resource]
            self.accounts[Int(old)].held[resource] -= amount
            self.accounts[Int(new)].held[resource] += amount
        }
        self.accounts[Int(id)].token = new
        self.leave(old, in: \.tokens)
    }

    /// It is gone; what it has left is paid for until it leaves.
    mutating func close(_ id: PayerID) {
        guard id != 0 else { return }
        self.accounts[Int(id)].isOpen = false
        self.forgetIfEmpty(id)
    }

    private mutating func party(_ name: String, in table: WritableKeyPath<Payers, [String: PayerID]>) -> PayerID {
        let id = self[keyPath: table][name] ?? self.add(Account())
        self[keyPath: table][name] = id
        self.names[id] = name
        self.accounts[Int(id)].connections += 1
        return id
    }

    private mutating func leave(_ id: PayerID, in table: WritableKeyPath<Payers, [String: PayerID]>) {
        self.accounts[Int(id)].connections -= 1
        guard self.accounts[Int(id)].connections == 0 else { return }
        if let name = self.names.removeValue(forKey: id) { self[keyPath: table][name] = nil }
        self.accounts[Int(id)] = Account()
        self.free.append(id)
    }

    private mutating func add(_ account: Account) -> PayerID {
        guard let id = self.free.popLast() else {
            self.accounts.append(account)
            return PayerID(self.accounts.count - 1)
        }
        self.accounts[Int(id)] = account
        return id
    }

    private mutating func forgetIfEmpty(_ id: PayerID) {
        let account = self.accounts[Int(id)]
        guard !account.isOpen, account.held.isEmpty else { return }
        self.accounts[Int(id)] = Account()
        self.free.append(id)
        self.leave(account.address, in: \.addresses)
        self.leave(account.token, in: \.tokens)
    }

    // MARK: Paying

    /// - Parameter amount: below 0 for what has left.
    @inline(__always)
    mutating func charge(_ id: PayerID, _ amount: Int, _ resource: Resource = .memory) {
        guard id != 0 else { return }
        let (address, token) = (self.accounts[Int(id)].address, self.accounts[Int(id)].token)
        self.accounts[Int(id)].held[resource] += amount
        self.accounts[Int(address)].held[resource] += amount
        self.accounts[Int(token)].held[resource] += amount
        if amount < 0, !self.accounts[Int(id)].isOpen { self.forgetIfEmpty(id) }
    }

    func held(by id: PayerID, _ resource: Resource = .memory) -> Int { self.accounts[Int(id)].held[resource] }

    /// Over whose share somebody would be.
    ///
    /// - Parameters:
    ///   - more: what is to be held besides.
    ///   - left: of the resource, before that.
    /// - Returns: `nil` when all three allow it.
    @inline(__always)
    func over(_ id: PayerID, _ more: Int, of resource: Resource, left: Int, _ shares: Shares) -> ShareHolder? {
        guard id != 0 else { return nil }
        let account = self.accounts[Int(id)]
        let own = account.held[resource] + more
        let rest = left - more
        let least = Shares.least(of: resource)
        if own > least, !shares.connection.allows(own, rest) { return .connection }
        // Who has next to nothing is not refused at once for the sake of others beside it.
        let times = own <= rest / Shares.little ? Shares.timesOfLittle : 1
        let address = self.accounts[Int(account.address)].held[resource] + more
        if address > least, !shares.address.allows(address, rest, times: times) { return .address }
        let token = self.accounts[Int(account.token)].held[resource] + more
        if token > least, !shares.token.allows(token, rest, times: times) { return .token }
        return nil
    }
}
