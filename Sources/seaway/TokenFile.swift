import ArgumentParser
import Foundation
import Logging
import SeawayBroker
import ServiceLifecycle
import UnixSignals

/// The broker's file of tokens.
struct TokenFile: Sendable {
    /// Beyond it nothing is read: a wrong path is not to fill the memory.
    private static let mostBytes = 16 << 20
    let path: String
    let logger: Logger
    let hangups: UnixSignalsSequence

    /// From here on SIGHUP does not kill.
    static func catchingReloads(_ path: String?, _ logger: Logger) async -> TokenFile? {
        guard let path else { return nil }
        return TokenFile(path: path, logger: logger, hangups: await UnixSignalsSequence(trapping: .sighup))
    }

    /// Reads it, or says in one line why not and exits with 64.
    func read() throws -> Tokens {
        do {
            return try self.load()
        } catch {
            Process.say("seaway: --tokens \(self.path): \(error)")
            throw ExitCode(64)
        }
    }

    fileprivate func load() throws -> Tokens {
        guard let file = FileHandle(forReadingAtPath: self.path) else { throw Unreadable(reason: "it cannot be read") }
        defer { try? file.close() }
        let data = try file.read(upToCount: Self.mostBytes + 1) ?? Data()
        guard data.count <= Self.mostBytes else { throw Unreadable(reason: "it has more than \(Self.mostBytes) bytes") }
        guard let text = String(data: data, encoding: .utf8) else { throw Unreadable(reason: "it is not UTF-8") }
        return try Tokens(parsing: text)
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let reason: String
        var description: String { self.reason }
    }
}

/// Reads the tokens again at each SIGHUP; a file that cannot be used changes nothing.
struct TokenService: Service {
    let broker: Broker
    let file: TokenFile

    func run() async throws {
        for await _ in self.file.hangups.cancelOnGracefulShutdown() {
            do {
                let tokens = try self.file.load()
                try await self.broker.replaceTokens(tokens)
                self.file.logger.info("tokens read", metadata: ["tokens": "\(tokens.count)"])
            } catch {
                self.file.logger.error(
                    "the tokens stay as they were", metadata: ["file": "\(self.file.path)", "reason": "\(error)"])
            }
        }
    }
}
