package import NIOCore
import NIOPosix
package import SeawayNIO
import Synchronization

/// A connection to NATS servers for who asks one thing after another and waits for each.
package final class NATSVisit: Sendable {
    /// There is no connection, and none came in time.
    package struct Unreachable: Error, Hashable, Sendable, CustomStringConvertible { package let description: String }

    private let eventLoop: any EventLoop
    private let client: NIOLoopBound<NATSClient>
    private let patience: Int

    private init(_ client: NIOLoopBound<NATSClient>, _ eventLoop: any EventLoop, _ patience: Int) {
        self.client = client
        self.eventLoop = eventLoop
        self.patience = patience
    }

    /// Connects, works, and leaves.
    ///
    /// - Parameters:
    ///   - patience: milliseconds until there is a connection, and for each answer.
    ///   - goesOn: whether servers that cannot be reached are tried again while there is patience.
    /// - Throws: ``Unreachable``, or what `work` throws.
    package static func to<Result: Sendable>(
        _ configuration: NATSConfiguration, tls: ClientIdentity?, on eventLoop: any EventLoop, patience: Int,
        goesOn: Bool = false,
        _ work: (NATSVisit, NATSServerInfo) async throws -> Result
    ) async throws -> Result {
        let connected = eventLoop.makePromise(of: NATSServerInfo.self)
        let client = try await eventLoop.submit {
            // Told once: the first connection, or why there is none.
            var connected: EventLoopPromise<NATSServerInfo>? = connected
            var reason = "no answer within \(patience) ms"
            var untried = configuration.servers.count
            let client = NATSClient(configuration, tls: tls, on: eventLoop) { news in
                switch news {
                case .connected(let info): connected.take()?.succeed(info)
                case .away(let words):
                    reason = words
                    untried -= 1
                    // Each was tried: who only looks does not wait for one to come.
                    if untried <= 0, !goesOn { connected.take()?.fail(Unreachable(description: reason)) }
                case .over(let fault): connected.take()?.fail(Unreachable(description: fault.description))
                case .complaint: break
                }
            }
            client.start()
            let giveUp = { connected.take()?.fail(Unreachable(description: reason)) }
            let bound = NIOLoopBound(giveUp, eventLoop: eventLoop)
            eventLoop.scheduleTask(in: .milliseconds(Int64(patience))) { _ = bound.value() }
            return NIOLoopBound(client, eventLoop: eventLoop)
        }.get()
        let visit = NATSVisit(client, eventLoop, patience)
        do {
            let result = try await work(visit, connected.futureResult.get())
            try? await visit.leave()
            return result
        } catch {
            try? await visit.leave()
            throw error
        }
    }

    private func leave() async throws { try await self.eventLoop.submit { self.client.value.leave() }.get() }

    /// Works with the client on its loop.
    package func onLoop<Result: Sendable>(_ work: @escaping @Sendable (NATSClient) throws -> Result) async throws
        -> Result
    {
        try await self.eventLoop.submit { try work(self.client.value) }.get()
    }

    /// - Parameter patience: milliseconds; `nil`: as for all.
    package func call<Answer: Sendable>(
        _ call: JetStreamCall<Answer>, patience: Int? = nil
    ) async throws(JetStreamFault) -> Answer {
        let patience = patience ?? self.patience
        let result = await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                self.client.value.call(call, patience: patience) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }

    /// Has one message stored.
    package func store(_ payload: [UInt8], at subject: String, headers: NATSHeaders) async -> PublishOutcome {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                self.client.value.store(payload, at: subject, headers: headers, patience: self.patience) {
                    continuation.resume(returning: $0)
                }
            }
        }
    }
}
