import ArgumentParser
import Logging
import SeawayClient
import SeawayMessage

/// A command's connection to a broker, and what it returns to who has started it.
enum Visit {
    /// Connects, works, and leaves.
    ///
    /// A broker that falls silent is given up after the timeout, so nothing waits for ever.
    static func to<Result>(
        _ broker: BrokerAddress, as name: String, timeout: TimeOption, _ work: (WireLayer) async throws -> Result
    ) async throws -> Result {
        let layer = self.layer(for: broker, as: name, timeout: timeout)
        layer.start()
        do {
            let result = try await work(layer)
            await layer.shutdown()
            return result
        } catch {
            await layer.shutdown()
            throw Self.exit(for: error)
        }
    }

    /// A connection that gives up a broker which is silent for longer than the timeout.
    static func layer(for broker: BrokerAddress, as name: String, timeout: TimeOption) -> WireLayer {
        var configuration = WireLayerConfiguration(broker: broker, clientName: "seaway-\(name)")
        configuration.connectPatience = timeout.duration
        configuration.connectTimeout = timeout.duration
        configuration.heartbeat = max(timeout.duration / 3, .milliseconds(100))
        configuration.maxBackoff = .milliseconds(500)
        return WireLayer(configuration, logger: Logger(label: "seaway.client") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Writes, and ends the process when nobody takes it.
    static func printing(_ write: () throws -> Void) throws {
        do {
            try write()
        } catch {
            throw Self.exit(for: error)
        }
    }

    /// Says what went wrong and which exit code tells it.
    private static func exit(for error: any Error) -> any Error {
        switch error {
        case let error as ClientError:
            let isMissing = error.code == .unreachable
            Process.say("seaway: \(isMissing ? error.refusal?.text ?? "\(error)" : "\(error)")")
            return error.exitCode
        case let error as StandardOutput.Fault:
            // Who reads no more needs no explanation.
            if !error.isClosed { Process.say("seaway: cannot write: \(error)") }
            return ExitCode.interrupted
        default: return error
        }
    }
}

extension ExitCode {
    /// `sysexits.h`: a body that is no message.
    static let badData = ExitCode(65)
    /// A service that is needed cannot be had.
    static let unavailable = ExitCode(69)
    /// Input or output broke: whether the message was stored is not known.
    static let interrupted = ExitCode(74)
    /// Nothing was done, but trying again later may help.
    static let notNow = ExitCode(75)
}

extension ClientError {
    /// The same codes as those of `clients/shell/seaway.sh`.
    fileprivate var exitCode: ExitCode {
        switch self.code {
        case .full, .away, .closing: .notNow
        case .unreachable: .unavailable
        case .unknown: .interrupted
        default: self.refusal?.code == "limit" ? .notNow : .failure
        }
    }
}
