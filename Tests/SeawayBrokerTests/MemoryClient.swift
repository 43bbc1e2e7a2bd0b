import NIOCore
import SeawayBroker

/// A client whose bytes are in memory.
typealias MemoryClient = (connection: Connection, transport: MemoryTransport)

func memoryClient(_ core: BrokerCore) -> MemoryClient {
    let transport = MemoryTransport()
    return (core.connect(transport), transport)
}

/// Has a client send something; what the turn brings is gathered until it ends.
func say(_ text: String, _ client: MemoryClient) {
    var bytes = ByteBuffer(string: text)
    client.connection.receive(&bytes)
}

/// What it was told since this was last asked.
func takeHeard(_ client: MemoryClient) -> String { String(decoding: client.transport.takeReceived(), as: UTF8.self) }
