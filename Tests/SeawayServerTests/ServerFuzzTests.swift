import Foundation
import SeawayTesting
import TestSupport
import Testing

/// Random clients against a whole interface server in memory: nothing they send may trap, nothing of them may stay, and
/// whoever comes behind them is answered.
///
/// `SEAWAY_FUZZ_ROUNDS` sets how long; a failure names its seed.
@Suite struct ServerFuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["SEAWAY_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 100

    @Test(arguments: FuzzedServer.Version.allCases)
    func noClientCanStopTheServerOrStayInItsMemory(version: FuzzedServer.Version) async throws {
        for seed in 0..<UInt64(Self.rounds) {
            // Other tests wait for their turn.
            await Task.yield()
            var random = SeededGenerator(seed: seed)
            let server = FuzzedServer(version, seed: seed)
            for _ in 0..<40 { try server.step(&random) }
            try server.end()
            #expect(server.isEmpty, "seed \(seed)")
            #expect(try server.answers(), "seed \(seed)")
        }
    }
}
