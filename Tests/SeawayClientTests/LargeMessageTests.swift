import BrokerSupport
import SeawayMessage
import TestSupport
import Testing

/// Bodies that the system does not take at once.
@Suite struct LargeMessageTests {
    @Test(.timeLimit(.minutes(1)), arguments: [65_535, 65_536, 200_000, 2_000_000])
    func aLargeMessageIsWrittenOnce(size: Int) async throws {
        try await LayerHouse.run(.tcp) { house in
            let layer = house.layer()
            let sizes = Inbox<Int>()
            let listening = layer.listen(to: ["large"]) {
                sizes.put($0.body.messagePack.count)
            } event: { _ in
            }
            listening.ready(10)
            for _ in 0..<5 { try await layer.send(["bytes": .bytes(Array(repeating: 7, count: size))], to: "large") }
            for _ in 0..<5 { #expect(await sizes.next() > size) }
            // A frame too many would have come before, or have ended the connection.
            try await layer.send(["text": "last"], to: "large")
            #expect(await sizes.next() < 100)
        }
    }
}
