import Logging
import NIOCore
import NIOHTTP1
import SeawayMessage

/// What the console does, and what it looks into.
extension AdminCore {
    // MARK: Health

    /// Whether brokers are in reach and workers listen.
    func readiness(workers: Bool) -> EventLoopFuture<AdminAnswer> {
        if self.isLeaving { return self.eventLoop.makeSucceededFuture(Readiness(faults: ["leaving"]).answer) }
        let own = self.eventLoop.makePromise(of: String?.self)
        self.site.fault { own.succeed($0) }
        let channels = workers ? self.site.channels : []
        let readers = channels.map { channel in self.readers(of: channel).map { (channel, $0) } }
        return own.futureResult.and(EventLoopFuture.whenAllSucceed(readers, on: self.eventLoop)).map { fault, readers in
            var faults = fault.map { [$0] } ?? []
            faults += readers.compactMap { $1 == 0 ? "nobody listens on \($0)" : nil }
            return Readiness(faults: faults).answer
        }
    }

    /// At all brokers that answer; `nil` where none says it.
    private func readers(of channel: String) -> EventLoopFuture<Int64?> {
        let asked = self.site.brokers.map { broker in
            broker.look(at: .channel(channel), on: self.eventLoop).map { Optional($0.count("readers")) }
                .flatMapErrorThrowing { _ in nil }
        }
        return EventLoopFuture.whenAllSucceed(asked, on: self.eventLoop).map { counts in
            let known = counts.compactMap(\.self)
            return known.isEmpty ? nil : known.reduce(0, +)
        }
    }

    // MARK: Looking

    /// What waits on a channel, oldest first, of one broker after the other.
    func messages(_ channel: String, _ count: Int) -> EventLoopFuture<AdminAnswer> {
        let asked = self.site.brokers.map { broker in
            broker.look(at: .channel(channel), limit: count, on: self.eventLoop)
        }
        return EventLoopFuture.whenAllComplete(asked, on: self.eventLoop).flatMapThrowing { results in
            let answers = results.enumerated().compactMap { index, result in
                (try? result.get()).map { (index, $0) }
            }
            if answers.isEmpty, let first = results.first { _ = try first.get() }
            return .json(MessagesText.message(answers, most: count))
        }
    }

    // MARK: Doing

    func send(_ body: [UInt8]) -> EventLoopFuture<AdminAnswer> {
        self.doing {
            let order = try SendOrder(body, "channel")
            guard let layer = self.site.layer else { throw Self.nothingToSend }
            let done = self.eventLoop.makePromise(of: SendAnswer.self)
            layer.send(order.payload, to: order.name, ifHeard: false) { done.succeed($0) }
            self.logger.info("the console has sent", metadata: ["channel": "\(order.name)"])
            return done.futureResult.flatMapThrowing { answer in
                switch answer {
                case .done: return .json(["ok": true])
                case .refused(let refusal): throw AdminRefusal(refusal)
                case .unknown: throw AdminRefusal.outcomeUnknown
                }
            }
        }
    }

    func groupSend(_ body: [UInt8]) -> EventLoopFuture<AdminAnswer> {
        self.doing {
            let order = try SendOrder(body, "group")
            guard let layer = self.site.layer else { throw Self.nothingToSend }
            let done = self.eventLoop.makePromise(of: GroupAnswer.self)
            layer.send(order.payload, toGroup: order.name, except: nil) { done.succeed($0) }
            self.logger.info("the console has sent", metadata: ["group": "\(order.name)"])
            return done.futureResult.flatMapThrowing { answer in
                switch answer {
                case .sent(let count, let full, let gone):
                    return .json([
                        "ok": true, "members": .int(Int64(count)), "full": .int(Int64(full)), "gone": .int(Int64(gone)),
                    ])
                case .refused(let refusal): throw AdminRefusal(refusal)
                case .unknown: throw AdminRefusal.outcomeUnknown
                }
            }
        }
    }

    func endConnection(_ body: [UInt8]) -> EventLoopFuture<AdminAnswer> {
        self.doing {
            let order = try Message(order: body)
            let brokers = self.site.brokers
            guard let index = order["broker"]?.int, brokers.indices.contains(Int(clamping: index)),
                let id = order["id"]?.string, !id.isEmpty, id.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { throw AdminRefusal.badRequest("broker and id are missing: {\"broker\": 0, \"id\": \"17\"}") }
            let age = min(max(order["age"]?.double ?? 0, 0), 1e9)
            let done = self.eventLoop.makePromise(of: SendAnswer.self)
            brokers[Int(index)].end(connection: id, age: .seconds(age)) { done.succeed($0) }
            self.logger.info(
                "the console ends a connection",
                metadata: ["broker": "\(brokers[Int(index)].address)", "id": "\(id)"])
            return done.futureResult.flatMapThrowing { answer in
                switch answer {
                case .done: return .json(["ok": true])
                case .refused(let refusal): throw AdminRefusal(refusal)
                case .unknown: throw AdminRefusal.outcomeUnknown
                }
            }
        }
    }

    private static var nothingToSend: AdminRefusal {
        AdminRefusal(.serviceUnavailable, "unavailable", "this process has no broker")
    }

    private func doing(
        _ work: () throws -> EventLoopFuture<AdminAnswer>
    ) -> EventLoopFuture<AdminAnswer> {
        do {
            return try work()
        } catch {
            return self.eventLoop.makeFailedFuture(error)
        }
    }
}
