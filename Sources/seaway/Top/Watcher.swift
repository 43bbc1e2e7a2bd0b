import Logging
import NIOCore
import SeawayClient
import SeawayConsole
import SeawayMessage

/// One broker that is asked again and again, over one connection.
struct Watcher: Sendable {
    let address: BrokerAddress
    private let layer: WireLayer
    /// Entries of a list that are asked for.
    private let limit: Int

    init(_ address: BrokerAddress, limit: Int, _ options: BrokersOptions) throws {
        self.address = address
        self.limit = limit
        self.layer = try Visit.layer(to: address, as: "top", options)
    }

    func start() { self.layer.start() }

    func leave() async { await self.layer.shutdown() }

    /// Asks for the sums, one list, and what is looked into.
    func ask(_ list: TopList, _ target: TopTarget?) async throws(ClientError) -> BrokerAnswer {
        let totals = try await self.layer.look(at: .totals)
        let entries = try await self.layer.lookThrough(list.look, limit: self.limit)
        var answer = BrokerAnswer(time: Self.now, totals: totals, list: list, entries: entries)
        if let target { answer.look = (target, try await self.layer.lookThrough(target.look, limit: 1_000)) }
        return answer
    }

    private static var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }
}

extension TopList {
    fileprivate var look: Look {
        switch self {
        case .channels: .channels
        case .groups: .groups
        case .connections: .connections
        }
    }
}

extension TopTarget {
    fileprivate var look: Look {
        switch self {
        case .channel(let name): .channel(name)
        case .group(let name): .members(of: name)
        }
    }
}
