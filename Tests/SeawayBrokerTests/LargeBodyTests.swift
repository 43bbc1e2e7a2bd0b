import NIOCore
import SeawayBroker
import TestSupport
import Testing

/// Large bodies that many get are in memory once.
@Suite struct LargeBodyTests {
    private typealias Client = (connection: Connection, transport: MemoryTransport)

    private let core = BrokerCore(configuration: BrokerConfiguration(), clock: { 0 })

    private func client() -> Client {
        let transport = MemoryTransport()
        return (self.core.connect(transport), transport)
    }

    private func say(_ text: String, _ client: Client) {
        var bytes = ByteBuffer(string: text)
        client.connection.receive(&bytes)
        self.core.endTurns()
    }

    private func heard(_ client: Client) -> String { String(decoding: client.transport.takeReceived(), as: UTF8.self) }

    @Test func allMembersGetOneBufferInItsOrderAmongTheirFrames() {
        let (sender, readers) = (self.client(), (0..<3).map { _ in self.client() })
        for (number, reader) in readers.enumerated() {
            self.say("LISTEN r\(number)! q\(number)\nREADY 9\nJOIN g r\(number)!1 r\(number)!2\n", reader)
            _ = self.heard(reader)
            reader.transport.isStalled = true
        }
        let body = #"{"a":""# + String(repeating: "x", count: 100_000) + #""}"#
        let frame = "GSEND :\(body.utf8.count) g\n\(body)\n"
        self.say("SEND :2 q0\n{}\n" + frame + "SEND :2 q0\n{}\n" + frame + "GSEND :2 g\n{}\n", sender)
        let message = "MSG :\(body.utf8.count) r0!1 r0!2 group=g\n\(body)\n"
        for reader in readers {
            reader.transport.isStalled = false
            reader.connection.outputWasTaken()
        }
        self.core.endTurns()
        let said = self.heard(readers[0])
        #expect(said == "MSG :2 q0\n{}\n" + message + "MSG :2 q0\n{}\n" + message + "MSG :2 r0!1 r0!2 group=g\n{}\n")
        #expect(
            self.heard(readers[1])
                == (message + message + "MSG :2 r1!1 r1!2 group=g\n{}\n").replacing("r0!", with: "r1!"))
        // The line and the body, twice.
        let places = readers.map(\.transport.places)
        #expect(places.map(\.count) == [4, 4, 4])
        for place in [1, 3] { #expect(Set(places.map { $0[place] }).count == 1) }
    }

    @Test func aSmallBodyOrOneForASingleReaderIsCopied() {
        let (sender, reader) = (self.client(), self.client())
        self.say("LISTEN r!\nREADY 9\nJOIN g r!1\n", reader)
        let body = #"{"a":""# + String(repeating: "x", count: 100_000) + #""}"#
        self.say("GSEND :\(body.utf8.count) g\n\(body)\n", sender)
        #expect(self.heard(reader).hasSuffix("MSG :\(body.utf8.count) r!1 group=g\n\(body)\n"))
        #expect(reader.transport.places.isEmpty)
    }
}
