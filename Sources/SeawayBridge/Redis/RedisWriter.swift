package import Logging
package import NIOCore
package import SeawayMessage
import SeawayNIO

/// Gives messages to Redis, one after the other, over a connection that is made again when it was lost.
package actor RedisWriter {
    /// Where they go.
    package enum Destination: Sendable {
        /// `PUBLISH`: to whoever listens just then.
        case channel(String)
        /// `XADD`, as the field `message` of an entry; about so many entries are kept.
        case stream(String, kept: Int)

        fileprivate func command(_ payload: Payload) -> [[UInt8]] {
            switch self {
            case .channel(let name): [Array("PUBLISH".utf8), Array(name.utf8), payload.json]
            case .stream(let name, let kept):
                ["XADD", name, "MAXLEN", "~", "\(kept)", "*", "message"].map { Array($0.utf8) } + [payload.json]
            }
        }
    }

    /// A connection that was used within this time is taken for alive when nothing says otherwise.
    private static let fresh = Duration.seconds(1)

    private let address: RedisAddress
    private let destination: Destination
    private let eventLoop: any EventLoop
    private let tally: BridgeTally
    private var absence: ServiceAbsence
    private var connection: RedisConnection?
    private var used = ContinuousClock.now
    /// Whether the last that was heard of it was nothing.
    private var isDubious = false

    package init(
        _ address: RedisAddress, to destination: Destination, eventLoop: any EventLoop, tally: BridgeTally,
        logger: Logger
    ) {
        self.address = address
        self.destination = destination
        self.eventLoop = eventLoop
        self.tally = tally
        self.absence = ServiceAbsence(of: address.description, logger: logger)
    }

    /// Returns when Redis has taken it, or it is lost: because Redis will never take it, the connection broke before
    /// the answer, or the task was cancelled. What Redis refuses for now waits, and what comes behind it with it.
    package func write(_ payload: Payload) async {
        let command = self.destination.command(payload)
        while !Task.isCancelled {
            switch await self.attempt(command) {
            case nil:
                self.absence.succeeded()
                return self.tally.count(.handedOn)
            case .final(let reason): return self.tally.count(.dropped(.service, reason))
            case .unknown(let reason):
                self.forget()
                if !Task.isCancelled { return self.tally.count(.dropped(.unknown, reason)) }
            case .passing(let reason):
                // Behind the same name there may be another server by then.
                self.forget()
                guard !Task.isCancelled else { break }
                self.tally.count { $0.retried += 1 }
                // A wait that is cut short ends the loop.
                try? await Task.sleep(for: self.absence.failed(reason))
            }
        }
        self.tally.count(.dropped(.shutdown, "\(self.address)"))
    }

    /// - Returns: nil when Redis has it.
    private func attempt(_ command: [[UInt8]]) async -> WriteFault? {
        let connection: RedisConnection
        do {
            connection = try await self.connected()
        } catch {
            self.isDubious = true
            return .passing(PlainWords.of(error))
        }
        do {
            try await connection.ask(command)
            self.used = .now
            self.isDubious = false
            return nil
        } catch let refused as RedisConnection.Refused {
            self.isDubious = false
            let reason = refused.description
            return RedisRefusal.passes(reason) ? .passing(reason) : .final(reason)
        } catch let closed as RedisConnection.Closed where !closed.wasSent {
            return .passing(closed.description)
        } catch {
            self.isDubious = true
            return .unknown(PlainWords.of(error))
        }
    }

    private func connected() async throws -> RedisConnection {
        if let connection = self.connection, connection.isOpen {
            if ContinuousClock.now - self.used < Self.fresh { return connection }
            // A server that has vanished, or hangs, is found out before it costs a message.
            do {
                try await connection.check()
                return connection
            } catch {
                self.forget()
                throw error
            }
        }
        let connection = try await RedisConnection.open(self.address, self.eventLoop, isDubious: self.isDubious)
        self.connection = connection
        return connection
    }

    private func forget() {
        self.connection?.close()
        self.connection = nil
    }
}
