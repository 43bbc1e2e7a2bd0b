import SeawayWire
import TestSupport
import Testing

/// The machines of a client of several brokers, with whatever may come in any order.
@Suite struct ShardMachineTests {
    @Test func aBrokerWithTheNameOfALiveOneIsNotTaken() {
        var map = ShardMap(count: 2, failover: 2_000, now: 0)
        let first = map.up(0, identity: "blue", warm: 0, now: 0)
        let twin = map.up(1, identity: "blue", warm: 0, now: 0)
        #expect(first && !twin)
        map.down(0)
        let successor = map.up(1, identity: "blue", warm: 0, now: 10)
        #expect(successor)
        #expect(map.choose(for: .group("room"), now: 10) == 1)
    }

    /// Among brokers of which three in a hundred come or go, no name moves without need.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func onlyNamesOfLostAndReturnedBrokersMove(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var map = ShardMap(count: 5, failover: 2_000, now: 0)
        let groups = (0..<200).map { "room.\($0)" }
        for broker in 0..<5 { _ = map.up(broker, identity: "broker-\(broker)", warm: 0, now: 0) }
        var now = 0
        var live = ShardSet(0..<5)
        var places = groups.map { map.choose(for: .group($0), now: now) }
        for _ in 0..<200 {
            let broker = Int.random(in: 0..<5, using: &random)
            now += 10_000
            let wasLive = live.contains(broker)
            if wasLive {
                map.down(broker)
                live.remove(broker)
            } else {
                _ = map.up(broker, identity: "broker-\(broker)", warm: 0, now: now)
                live.insert(broker)
            }
            now += 2_000
            let after = groups.map { map.choose(for: .group($0), now: now) }
            for (before, place) in zip(places, after) where before != place {
                #expect(wasLive ? before == broker : place == broker)
            }
            #expect(after.allSatisfy { $0.map(live.contains) ?? live.isEmpty })
            places = after
        }
    }

    @Test func thePlacesOfEightThousandChannelsAreRemembered() {
        var map = ShardMap(count: 2, failover: 2_000, now: 0)
        _ = map.up(0, identity: "a", warm: 0, now: 0)
        for number in 0..<8_192 { #expect(map.choose(for: .channel("x!\(number)"), now: 0) == 0) }
        _ = map.up(1, identity: "b", warm: 0, now: 0)
        for number in 0..<8_192 { #expect(map.choose(for: .channel("x!\(number)"), now: 1) == 0) }
    }

    @Test func brokersAreAnyNumbersUpToSixtyThree() {
        let set = ShardSet([0, 63, 7, 7])
        #expect(Array(set) == [0, 7, 63])
        #expect(set.count == 3 && set.contains(63) && !set.contains(8))
        #expect(Array(set.subtracting(ShardSet([7]))) == [0, 63])
        #expect(Array(set.intersection(ShardSet([7, 8]))) == [7])
    }
}

/// The credit of one listening at several brokers (B13).
@Suite struct ShardCreditTests {
    @Test func creditIsSharedEvenly() {
        var credit = ShardCredit(count: 3)
        credit.grant(10)
        #expect(credit.balance() == [])
        for broker in 0..<3 { credit.came(broker) }
        #expect(Set(credit.balance()) == [.grant(4, to: 0), .grant(3, to: 1), .grant(3, to: 2)])
        #expect(credit.balance() == [])
    }

    @Test func whatALostBrokerHadGoesToTheOthers() {
        var credit = ShardCredit(count: 3)
        credit.grant(9)
        for broker in 0..<3 { credit.came(broker) }
        _ = credit.balance()
        credit.went(1)
        #expect(Set(credit.balance()) == [.grant(2, to: 0), .grant(1, to: 2)])
    }

    @Test func whatIsGrantedAgainGoesToTheBrokerWithLeast() {
        var credit = ShardCredit(count: 2)
        credit.came(0)
        credit.came(1)
        credit.grant(8)
        _ = credit.balance()
        for _ in 0..<3 {
            credit.arrived(from: 1)
            let isUsed = credit.use()
            #expect(isUsed)
        }
        #expect(credit.balance() == [])
        credit.grant(3)
        #expect(credit.balance() == [.grant(3, to: 1)])
    }

    @Test func oneCreditIsOfferedToAllAndWithdrawnOnceUsed() {
        var credit = ShardCredit(count: 3)
        for broker in 0..<3 { credit.came(broker) }
        credit.grant(1)
        #expect(Set(credit.balance()) == [.grant(1, to: 0), .grant(1, to: 1), .grant(1, to: 2)])
        credit.arrived(from: 2)
        let first = credit.use()
        #expect(first)
        #expect(credit.balance() == [.withdraw(from: 0), .withdraw(from: 1)])
        let second = credit.use()
        #expect(!second)
    }

    /// Brokers push whatever they have been granted, in any order; listeners grant again at will.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func nobodyStarvesAndLittleIsHeldBack(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...4, using: &random)
        var credit = ShardCredit(count: count)
        var granted = Array(repeating: 0, count: count)
        var live = ShardSet()
        var heldBack = 0
        for _ in 0..<2_000 {
            let broker = Int.random(in: 0..<count, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0 where live.contains(broker):
                credit.went(broker)
                live.remove(broker)
                granted[broker] = 0
            case 1, 2:
                guard !live.contains(broker) else { break }
                credit.came(broker)
                live.insert(broker)
            case 3..<8: credit.grant(Int.random(in: 1...8, using: &random))
            default:
                guard granted[broker] > 0 else { break }
                granted[broker] -= 1
                credit.arrived(from: broker)
                heldBack += 1
            }
            while heldBack > 0, credit.use() { heldBack -= 1 }
            for change in credit.balance() {
                switch change {
                case .grant(let more, let broker): granted[broker] += more
                case .withdraw(let broker): granted[broker] = 0
                }
            }
            if credit.left > 0 { #expect(live.allSatisfy { granted[$0] > 0 }) }
            #expect(granted.reduce(0, +) <= credit.left + count)
            #expect(heldBack <= count)
        }
    }
}
