import ArgumentParser
import Logging
import SeawayClient
import SeawayMessage

/// A command's connections to brokers, and what it returns to who has started it.
enum Visit {
    /// Connects, works, and leaves.
    static func with<Result>(
        _ layers: [any ConnectingLayer], _ work: () async throws -> Result
    ) async throws -> Result {
        for layer in layers { layer.start() }
        do {
            let result = try await work()
            await self.leave(layers)
            return result
        } catch {
            await self.leave(layers)
            throw Self.exit(for: error)
        }
    }

    private static func leave(_ layers: [any ConnectingLayer]) async {
        await withTaskGroup { group in
            for layer in layers { group.addTask { await layer.shutdown() } }
        }
    }

    /// A connection to one broker, for looking at it.
    ///
    /// - Parameter goesOn: whether the command tells when the broker goes and comes.
    static func layer(
        to broker: BrokerAddress, as name: String, _ options: BrokersOptions, goesOn: Bool = false
    ) throws -> WireLayer {
        var configuration = try self.configuration(name, options)
        configuration.broker = broker
        return WireLayer(configuration, logger: goesOn ? ConsoleLog.logger : self.silence)
    }

    /// Connections to all brokers, for sending and reading.
    static func layer(
        over brokers: [BrokerAddress], as name: String, _ options: BrokersOptions, goesOn: Bool
    ) throws -> any ConnectingLayer {
        var configuration = ShardedLayerConfiguration(brokers: brokers)
        configuration.connection = try self.configuration(name, options)
        configuration.failover = max(options.patience.timeout.duration, .milliseconds(300))
        return try configuration.makeLayer(logger: goesOn ? ConsoleLog.logger : self.silence)
    }

    /// A broker that falls silent is given up after the timeout, so that nothing waits for ever.
    private static func configuration(_ name: String, _ options: BrokersOptions) throws -> WireLayerConfiguration {
        let timeout = options.patience.timeout
        var configuration = WireLayerConfiguration(clientName: "seaway-\(name)")
        try options.apply(to: &configuration)
        configuration.connectPatience = timeout.duration
        configuration.connectTimeout = timeout.duration
        configuration.heartbeat = max(timeout.duration / 3, .milliseconds(100))
        configuration.failover = max(timeout.duration, .milliseconds(300))
        configuration.maxBackoff = .milliseconds(500)
        return configuration
    }

    private static var silence: Logger { Logger(label: "seaway.client") { _ in SwiftLogNoOpLogHandler() } }

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
            Process.say("seaway: \(error.sentence)")
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
    /// The broker does not let this client do it.
    static let denied = ExitCode(77)
    /// Input or output broke: whether the message was stored is not known.
    static let interrupted = ExitCode(74)
    /// Nothing was done, but trying again later may help.
    static let notNow = ExitCode(75)
}

extension ClientError {
    /// For people; what cannot be reached is named in it.
    var sentence: String {
        self.code == .unreachable ? self.refusal?.text ?? self.description : self.description
    }

    /// The same codes as those of `clients/shell/seaway.sh`.
    var exitCode: ExitCode {
        switch self.code {
        case .full, .away, .closing, .store: .notNow
        case .unreachable: .unavailable
        case .unknown: .interrupted
        default:
            switch self.refusal?.code {
            case "limit": .notNow
            case "auth", "denied": .denied
            default: .failure
            }
        }
    }
}
