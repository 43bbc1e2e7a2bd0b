import Logging
import SeawayNIO
import Synchronization

/// A service that is written to by a thread.
protocol ThreadTarget: Sendable {
    associatedtype Connection

    /// Such as `postgres`
    var service: String { get }

    /// Nothing in it may wait without a limit, or without regard for `wakeup`.
    ///
    /// - Parameter attempt: how many have failed since the last that did not.
    func connect(_ wakeup: Wakeup, attempt: Int) throws -> Connection

    /// Throws when it is of no use any more, as far as can be told before something is written.
    ///
    /// - Parameter silence: how long nothing was written to it.
    func check(_ connection: Connection, silence: Duration, _ wakeup: Wakeup) throws

    /// - Throws: ``WriteFault``; anything else is taken for ``WriteFault/unknown(_:)``.
    func write(_ text: [UInt8], to connection: Connection, _ wakeup: Wakeup) throws
}

/// Writes messages to a service on a thread of its own, one after the other, over a connection that is made again when
/// it was lost.
final class ThreadWriter<Target: ThreadTarget>: Sendable {
    /// Used by the thread alone.
    private struct Slot: @unchecked Sendable {
        var connection: Target.Connection?
        var used = ContinuousClock.now
        var absence: ServiceAbsence
    }

    private let target: Target
    private let tally: BridgeTally
    private let slot: Mutex<Slot>
    private let wakeup: Wakeup
    private let thread = ServiceThread()

    init(_ target: Target, tally: BridgeTally, logger: Logger) throws {
        self.target = target
        self.tally = tally
        self.slot = Mutex(Slot(absence: ServiceAbsence(of: target.service, logger: logger)))
        self.wakeup = try Wakeup()
    }

    /// Returns when the service has it, or it is lost, or the task was cancelled.
    func write(_ text: [UInt8]) async {
        let outcome = await withTaskCancellationHandler {
            try? await self.thread.run { self.slot.withLock { self.write(text, &$0) } }
        } onCancel: {
            self.wakeup.wake()
        }
        self.tally.count(outcome ?? .dropped(.shutdown, self.target.service))
    }

    private func write(_ text: [UInt8], _ slot: inout Slot) -> WriteOutcome {
        while !self.wakeup.isWoken {
            switch self.attempt(text, &slot) {
            case nil:
                slot.absence.succeeded()
                return .handedOn
            case .final(let reason): return .dropped(.service, reason)
            case .unknown(let reason):
                slot.connection = nil
                if !self.wakeup.isWoken { return .dropped(.unknown, reason) }
            case .passing(let reason):
                slot.connection = nil
                guard !self.wakeup.isWoken else { break }
                self.tally.count { $0.retried += 1 }
                self.wakeup.sleep(for: slot.absence.failed(reason))
            }
        }
        return .dropped(.shutdown, self.target.service)
    }

    /// - Returns: nil when the service has it.
    private func attempt(_ text: [UInt8], _ slot: inout Slot) -> WriteFault? {
        let connection: Target.Connection
        do {
            connection = try self.connected(&slot)
        } catch {
            return .passing(PlainWords.of(error))
        }
        do {
            try self.target.write(text, to: connection, self.wakeup)
            slot.used = .now
            return nil
        } catch {
            return error as? WriteFault ?? .unknown(PlainWords.of(error))
        }
    }

    private func connected(_ slot: inout Slot) throws -> Target.Connection {
        if let connection = slot.connection {
            try self.target.check(connection, silence: ContinuousClock.now - slot.used, self.wakeup)
            return connection
        }
        let connection = try self.target.connect(self.wakeup, attempt: slot.absence.failures)
        slot.connection = connection
        return connection
    }
}
