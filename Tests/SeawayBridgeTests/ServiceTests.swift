import Logging
import SeawayBridge
import SeawayTesting
import Synchronization
import TestSupport
import Testing

/// BRIDGES.md, B28 and B30.
@Suite(.timeLimit(.minutes(1))) struct ServiceTests {
    @Test func thatAServiceIsAwayIsSaidOnceAndThatItIsBackToo() {
        let lines = LogLines()
        var absence = ServiceAbsence(of: "redis", logger: lines.logger)
        absence.succeeded()
        #expect(lines.texts.isEmpty)
        let waits = (0..<9).map { absence.failed("no \($0)", jitter: 1) }
        #expect(waits == [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { .milliseconds($0) })
        #expect(absence.failures == 9)
        absence.succeeded()
        absence.succeeded()
        #expect(lines.texts == ["redis is away; trying again and again reason=no 0", "redis is back attempts=9"])
        let wait = absence.failed("again", jitter: 1)
        #expect(wait == .milliseconds(50) && lines.texts.count == 3)
    }

    @Test(arguments: [
        "READONLY You can't write against a read only replica.", "OOM command not allowed", "LOADING x", "NOREPLICAS x",
        "MISCONF x", "BUSY x", "TRYAGAIN x", "CLUSTERDOWN x", "MASTERDOWN x", "MOVED 1 a:1", "ASK 1 a:1", "NOAUTH x",
        "WRONGPASS x", "NOPERM x", "READONLY",
    ])
    func redisRefusesForNow(_ text: String) { #expect(RedisRefusal.passes(text)) }

    @Test(arguments: [
        "ERR unknown command", "WRONGTYPE x", "", "readonly x", "READONLYX y", "BUSYKEY x", "CROSSSLOT x",
        "EXECABORT x",
    ])
    func redisRefusesForGood(_ text: String) { #expect(!RedisRefusal.passes(text)) }

    @Test(arguments: [
        "08006", "25006", "28P01", "40001", "40P01", "42501", "53300", "53200", "54000", "55P03", "57P01", "57P03",
        "57014", "58030",
    ])
    func postgresRefusesForNow(_ state: String) { #expect(PostgresRefusal.passes(state)) }

    @Test(arguments: ["22023", "42601", "25001", "54001", "XX000", "23505", ""])
    func postgresRefusesForGood(_ state: String) { #expect(!PostgresRefusal.passes(state)) }

    @Test(arguments: ["0", "0-0", "1700000000000-1", "18446744073709551615-18446744073709551615"])
    func idsOfStreamsAreTaken(_ id: String) { #expect(RedisStreamID.isLegal(id)) }

    @Test(arguments: ["", "$", "-", "1-", "-1", "a", "1-2-3", "18446744073709551616", "+1", "1 "])
    func whatIsNoIdIsRefused(_ id: String) { #expect(!RedisStreamID.isLegal(id)) }

    @Test(arguments: [("a", nil), ("", "this one has 0"), (String(repeating: "a", count: 64), "this one has 64")])
    func namesOfPostgresHaveOneTo63Bytes(_ name: String, _ told: String?) {
        let fault = PostgresName.fault(in: name)
        #expect((fault == nil) == (told == nil) && told.map { fault?.contains($0) == true } ?? true)
    }

    @Test(arguments: ["x-hub-signature-256", "Signature", "x_y", "!#$%&'*+-.^`|~9"])
    func namesOfFieldsAreTaken(_ name: String) { #expect(HTTPSignature.isField(name)) }

    @Test(arguments: ["", "a b", "a:", "ü", "a\r\nb", "Host", "content-length", "Transfer-Encoding", "authorization"])
    func whatIsNoFieldForASignatureIsRefused(_ name: String) { #expect(!HTTPSignature.isField(name)) }

    @Test func whatNeverEndsIsAbandoned() async throws {
        let never = Inbox<Int>()
        let result = try await abandoning(after: .zero) {
            await never.next()
        } when: {
        }
        #expect(result == nil)
        // So that nothing waits for ever.
        never.put(0)
    }

    @Test func whatEndsIsNotAbandoned() async throws {
        let never = Inbox<Void>()
        let result = try await abandoning(after: .zero) {
            7
        } when: {
            try await ContinuousClock().sleep(for: .seconds(60))
        }
        #expect(result == 7)
        never.put(())
    }

    @Test func whatHeedsItsCancellationHasTheTimeToSaySo() async throws {
        let result = try await abandoning(after: .seconds(60)) { () -> Int in
            try? await ContinuousClock().sleep(for: .seconds(60))
            return 7
        } when: {
        }
        #expect(result == 7)
    }

    @Test func whatFailsIsThrown() async {
        await #expect(throws: ServiceSilence.self) {
            _ = try await abandoning(after: .zero) {
                throw ServiceSilence(.seconds(1))
            } when: {
                try await ContinuousClock().sleep(for: .seconds(60))
            }
        }
    }
}

/// What was logged, each line with its message and its metadata.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var texts: [String] { self.lines.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted()
            self.lines.lines.withLock { $0.append(event.message.description + fields.joined()) }
        }
    }
}
