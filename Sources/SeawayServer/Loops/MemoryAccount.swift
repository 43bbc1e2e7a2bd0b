package import SeawayNIO
import Synchronization

/// What one event loop of a server holds, by part, within the limit that all of its loops have together (I35).
///
/// Counted in pieces (``BudgetShare``): what is held of a message is a sum in this loop, and no more.
package final class MemoryAccount {
    private var share: BudgetShare
    private var parts = [Int](repeating: 0, count: MemoryPart.allCases.count)
    private var freed = 0
    fileprivate let addresses: SharedHoldings

    package init(_ budget: SharedBudget, addresses: SharedHoldings) {
        self.share = BudgetShare(budget)
        self.addresses = addresses
    }

    package func bytes(of part: MemoryPart) -> Int { self.parts[part.rawValue] }

    /// Bytes of all parts.
    package var used: Int { self.share.used }

    /// Whether nothing is left for anybody.
    package var isFull: Bool { self.share.isOver }

    /// What nobody holds, in bytes; 0 at least.
    package var left: Int { max(0, self.share.left) }

    /// Bytes that were freed in large pieces, since this was taken last.
    package func takeFreed() -> Int {
        defer { self.freed = 0 }
        return self.freed
    }

    /// Bytes from which on a piece is large.
    private static let large = 65_536

    package func change(_ part: MemoryPart, by bytes: Int) {
        if bytes <= -Self.large { self.freed -= bytes }
        self.parts[part.rawValue] += bytes
        self.share.change(by: bytes)
    }
}

/// What clients hold in a whole server, by address, in pieces (``HeldMemory``).
package final class SharedHoldings: Sendable {
    private let bytes = Mutex<[IPAddress: Int]>([:])

    package init() {}

    /// - Returns: what the address has with that.
    fileprivate func change(_ address: IPAddress, by count: Int) -> Int {
        self.bytes.withLock { bytes in
            let sum = bytes[address, default: 0] + count
            bytes[address] = sum > 0 ? sum : nil
            return sum
        }
    }
}

/// What is held for one client's connection, and whether that is more than its share (I36).
///
/// What is beyond ``free`` counts for the client's address too, in pieces of that size. An address that has more than
/// its share keeps none of its connections from the first ``free`` bytes: it may be that of many.
package struct HeldMemory {
    /// Bytes that each connection may hold as long as anything is left.
    package static let free = 16_384

    private let account: MemoryAccount
    /// Whose connection it is; `nil` where nobody is to be charged, as of a trusted proxy.
    private let address: IPAddress?
    private var parts = [Int]()
    package private(set) var used = 0
    /// Of that, what the address was charged, and what it had in all then.
    private var charged = 0
    private var ofAddress = 0

    package init(_ account: MemoryAccount, address: IPAddress? = nil) {
        self.account = account
        self.address = address?.clientNetwork
    }

    package func bytes(of part: MemoryPart) -> Int { self.parts.isEmpty ? 0 : self.parts[part.rawValue] }

    /// Whether it holds more than it may.
    package var isOver: Bool {
        guard self.used > Self.free else { return self.account.isFull }
        let left = self.account.left
        return !FairShare.allows(self.used, left: left) || !FairShare.allows(self.ofAddress, left: left)
    }

    /// From now on so many bytes are held for a part.
    package mutating func set(_ part: MemoryPart, to bytes: Int) {
        let change = bytes - self.bytes(of: part)
        guard change != 0 else { return }
        if self.parts.isEmpty { self.parts = [Int](repeating: 0, count: MemoryPart.allCases.count) }
        self.parts[part.rawValue] = bytes
        self.account.change(part, by: change)
        self.used += change
        guard let address = self.address, abs(self.used - self.charged) >= Self.free else { return }
        self.charge(address, self.used - self.used % Self.free)
    }

    private mutating func charge(_ address: IPAddress, _ bytes: Int) {
        guard bytes != self.charged else { return }
        self.ofAddress = self.account.addresses.change(address, by: bytes - self.charged)
        self.charged = bytes
    }

    /// Holds nothing any more.
    package mutating func release() {
        guard !self.parts.isEmpty else { return }
        for part in MemoryPart.allCases { self.account.change(part, by: -self.parts[part.rawValue]) }
        self.parts = []
        self.used = 0
        if let address = self.address { self.charge(address, 0) }
    }
}

/// What is held as long as this is: of something that several clients share, or that has an owner of its own.
package final class MemoryLease {
    private let account: MemoryAccount
    private let part: MemoryPart
    private let bytes: Int

    package init(_ account: MemoryAccount, _ part: MemoryPart, bytes: Int) {
        self.account = account
        self.part = part
        self.bytes = bytes
        account.change(part, by: bytes)
    }

    deinit { self.account.change(self.part, by: -self.bytes) }
}

@available(*, unavailable)
extension MemoryAccount: Sendable {}

@available(*, unavailable)
extension MemoryLease: Sendable {}
