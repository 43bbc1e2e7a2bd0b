import SeawayBroker
import TestSupport
import Testing

@Suite("An operator ends a connection (Q6)") struct EndingConnectionTests {
    private final class Time { var now = 0 }

    private func core(_ time: Time) -> BrokerCore {
        BrokerCore(configuration: BrokerConfiguration(), clock: { time.now })
    }

    /// The number that the broker has given to a client.
    private func number(of client: MemoryClient, _ core: BrokerCore) throws -> String {
        say("HELLO 1\n", client)
        core.endTurn()
        let words = takeHeard(client).split(separator: " ")
        return String(try #require(words.first { $0.hasPrefix("id=") }).dropFirst(3))
    }

    @Test func itIsToldSoAndWhatItHadEnds() throws {
        let core = self.core(Time())
        let (noisy, other) = (memoryClient(core), memoryClient(core))
        let id = try self.number(of: noisy, core)
        say("LISTEN jobs\n", noisy)
        core.endTurn()
        _ = takeHeard(noisy)
        say("END \(id)\nSEND :2 jobs Here=1\n{}\n", other)
        core.endTurn()
        #expect(takeHeard(noisy).hasPrefix("BYE ended "))
        #expect(takeHeard(other).hasPrefix("OK ended=1\nERR away"))
        // It takes nothing more, though it is still there.
        say("PING\n", noisy)
        say("END \(id)\n", other)
        core.endTurn()
        #expect(takeHeard(noisy).isEmpty && takeHeard(other) == "OK ended=0\n")
    }

    @Test func oneThatIsYoungerThanSaidIsAnother() throws {
        let time = Time()
        let core = self.core(time)
        let operating = memoryClient(core)
        time.now = 1_000
        let client = memoryClient(core)
        let id = try self.number(of: client, core)
        time.now = 3_000
        say("END \(id) Age=2001\nEND \(id) Age=2000\n", operating)
        core.endTurn()
        #expect(takeHeard(operating) == "OK ended=0\nOK ended=1\n")
    }

    @Test func oneselfIsEndedByQuit() throws {
        let core = self.core(Time())
        let client = memoryClient(core)
        let id = try self.number(of: client, core)
        say("END \(id)\nPING\n", client)
        core.endTurn()
        let heard = takeHeard(client)
        #expect(heard.hasPrefix("ERR args") && heard.hasSuffix("\nPONG\n"))
    }
}
