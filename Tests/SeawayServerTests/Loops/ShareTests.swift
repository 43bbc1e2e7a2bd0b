import SeawayNIO
import SeawayServer
import Testing

/// Memory that is counted, and shares of it (protocol/INTERFACE.md, I35 and I36).
@Suite struct ShareTests {
    private static let limit = 1 << 20

    private static func account(limit: Int = Self.limit) -> MemoryAccount {
        MemoryAccount(SharedBudget(limit: limit, loops: 1), addresses: SharedHoldings())
    }

    private static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test("I36", arguments: [1, 2, 3, 10, 400])
    func severalWhoTakeAllTheyCanHaveAsMuchAndLeaveSomething(count: Int) {
        let limit = 1_000_000
        var held = [Int](repeating: 0, count: count)
        var hasMoved = true
        while hasMoved {
            hasMoved = false
            for index in held.indices {
                let left = limit - held.reduce(0, +) - 100
                guard FairShare.allows(held[index] + 100, left: left) else { continue }
                held[index] += 100
                hasMoved = true
            }
        }
        let fair = 3 * limit / (3 * count + 1)
        #expect(held.allSatisfy { abs($0 - fair) <= 400 })
        #expect(limit - held.reduce(0, +) > 0)
    }

    @Test("I36") func whatIsLeftIsNeverSoMuchThatItCannotBeCounted() {
        #expect(FairShare.allows(.max, left: .max))
        #expect(!FairShare.allows(1, left: 0) && !FairShare.allows(1, left: -5))
        #expect(FairShare.allows(0, left: 0))
    }

    @Test("I35") func anotherLimitHoldsForWhatComesFromThenOn() {
        let budget = SharedBudget(limit: Self.limit, loops: 1)
        let account = MemoryAccount(budget, addresses: SharedHoldings())
        account.change(.bodies, by: Self.limit / 2)
        #expect(!account.isFull)
        // What is held stays, and there is room for nothing more.
        budget.limit(to: Self.limit / 4)
        #expect(budget.limit == Self.limit / 4 && account.left == 0)
        account.change(.bodies, by: 1)
        #expect(account.isFull && account.used == Self.limit / 2 + 1)
        account.change(.bodies, by: -Self.limit / 2)
        #expect(!account.isFull && account.left > 0)
        budget.limit(to: 2 * Self.limit)
        account.change(.bodies, by: Self.limit)
        #expect(!account.isFull)
    }

    @Test("I35") func eachPartIsCountedAndGivenBack() {
        let account = Self.account()
        var first = HeldMemory(account)
        var second = HeldMemory(account)
        first.set(.input, to: 100)
        first.set(.bodies, to: 30)
        first.set(.input, to: 40)
        second.set(.input, to: 5)
        #expect(account.bytes(of: .input) == 45 && account.bytes(of: .bodies) == 30 && account.used == 75)
        #expect(first.used == 70 && first.bytes(of: .input) == 40 && second.bytes(of: .bodies) == 0)
        first.release()
        #expect(account.used == 5 && first.used == 0)
        second.release()
        #expect(MemoryPart.allCases.allSatisfy { account.bytes(of: $0) == 0 })
    }

    @Test("I35") func whatSeveralHaveCountsOnceForAsLongAsOneHasIt() {
        let account = Self.account()
        var leases = [MemoryLease(account, .output, bytes: 1_000)]
        leases.append(leases[0])
        #expect(account.bytes(of: .output) == 1_000)
        leases.removeLast()
        #expect(account.bytes(of: .output) == 1_000)
        leases.removeLast()
        #expect(account.bytes(of: .output) == 0)
    }

    @Test("I36") func whoHoldsMoreThanItsShareIsOverAndOthersAreNot() {
        let account = Self.account()
        var large = HeldMemory(account)
        var small = HeldMemory(account)
        large.set(.bodies, to: Self.limit * 3 / 4)
        #expect(!large.isOver)
        large.set(.bodies, to: Self.limit * 3 / 4 + 1_024)
        #expect(large.isOver)
        small.set(.bodies, to: 60_000)
        #expect(!small.isOver && large.isOver)
        large.release()
        #expect(!large.isOver)
    }

    @Test("I36") func theConnectionsOfAnAddressHaveOneShareAndEachOfThemAFewBytes() throws {
        let account = Self.account()
        let crowd = try Self.address("192.0.2.7")
        var many = (0..<14).map { _ in HeldMemory(account, address: crowd) }
        for index in many.indices { many[index].set(.messages, to: 60_000) }
        // None of them has much, but all together.
        #expect(many.last?.isOver ?? false)
        var newcomer = HeldMemory(account, address: crowd)
        newcomer.set(.messages, to: HeldMemory.free)
        #expect(!newcomer.isOver)
        var other = HeldMemory(account, address: try Self.address("192.0.2.8"))
        other.set(.messages, to: 60_000)
        #expect(!other.isOver)
        for index in many.indices { many[index].release() }
        newcomer.set(.messages, to: 60_000)
        #expect(!newcomer.isOver)
    }

    @Test("I36") func networksOfIPv6CountAsOneAddress() throws {
        let account = Self.account()
        var many = try (0..<14).map { HeldMemory(account, address: try Self.address("2001:db8::\($0)")) }
        for index in many.indices { many[index].set(.messages, to: 60_000) }
        #expect(many.last?.isOver ?? false)
    }

    @Test("I36") func whereNothingIsLeftNobodyMayHaveMore() {
        let account = Self.account(limit: 64_000)
        var first = HeldMemory(account)
        var second = HeldMemory(account)
        first.set(.output, to: 63_000)
        second.set(.output, to: 2_000)
        #expect(second.isOver && account.isFull && account.left == 0)
        first.release()
        #expect(!second.isOver)
    }
}
