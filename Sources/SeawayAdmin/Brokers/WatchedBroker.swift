import NIOCore
import NIOHTTP1
package import SeawayMessage

/// One broker that the console shows, over a connection or in this process.
package protocol WatchedBroker: Sendable {
    /// As people know it.
    var address: String { get }

    /// Asks for one page of what there is.
    ///
    /// - Parameter answer: called once, on any thread.
    func look(at look: Look, limit: Int, after: String?, answer: @escaping @Sendable (LookAnswer) -> Void)

    /// Looks on at what comes to channels that match.
    ///
    /// - Parameters:
    ///   - group: only what comes through this group; `nil`: everything.
    ///   - events: called on any thread, in order.
    func tail(
        _ pattern: String, group: String?, events: @escaping @Sendable ([TailEvent]) -> Void
    ) -> any WatchedTail

    /// Ends a connection of the broker.
    ///
    /// - Parameters:
    ///   - id: as the broker has listed it.
    ///   - age: how old it is at least; numbers are used again.
    ///   - answer: called once, on any thread.
    func end(connection id: String, age: Duration, answer: @escaping @Sendable (SendAnswer) -> Void)

    /// Gives its connections up.
    func shutdown() async
}

/// Somebody who looks on, until that is stopped.
package protocol WatchedTail: Sendable {
    /// What was handed over has been used.
    ///
    /// - Parameter bytes: of bodies.
    func took(_ bytes: Int)
    func stop()
}

extension WatchedBroker {
    /// - Returns: on `eventLoop`, what the broker answers within a second and a half; it fails with an
    ///   ``AdminRefusal``.
    func look(
        at look: Look, limit: Int = 1, after: String? = nil, on eventLoop: any EventLoop
    ) -> EventLoopFuture<Message> {
        let promise = eventLoop.makePromise(of: LookAnswer?.self)
        let late = eventLoop.scheduleTask(in: .milliseconds(1_500)) { promise.succeed(nil) }
        self.look(at: look, limit: limit, after: after) { answer in
            eventLoop.execute {
                // Nothing is said to a promise twice.
                late.cancel()
                promise.succeed(answer)
            }
        }
        let address = self.address
        return promise.futureResult.flatMapThrowing { answer in
            switch answer {
            case .data(let json):
                do {
                    return try Message(json: String(decoding: json, as: UTF8.self))
                } catch {
                    throw AdminRefusal(.badGateway, "unavailable", "what \(address) has answered is no JSON map")
                }
            case .refused(let refusal): throw AdminRefusal(refusal)
            case .unknown, nil: throw AdminRefusal(.serviceUnavailable, "unavailable", "\(address) has not answered")
            }
        }
    }
}
