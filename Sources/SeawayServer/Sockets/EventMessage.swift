import NIOCore
import NIOHTTP1
package import SeawayMessage

/// Makes the messages that tell workers of one socket (protocol/INTERFACE.md, 8.2).
package struct EventMessage: Sendable {
    package let replyChannel: String
    package let controlChannel: String
    private let path: String

    package init(replyChannel: String, controlChannel: String, path: String) {
        self.replyChannel = replyChannel
        self.controlChannel = controlChannel
        self.path = path
    }

    /// `websocket.connect`
    func connect(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, subprotocols: [String], request: RequestMessage,
        addresses: ConnectionAddresses, marks: RequestMarks = RequestMarks()
    ) -> Payload {
        var writer = MessagePackWriter(capacity: 512 + head.headers.count * 32)
        writer.map(count: 12 + addresses.fieldCount + (marks.requestID == nil ? 0 : 1))
        self.begin("websocket.connect", order: 0, to: &writer)
        writer.string("http_version" as StaticString)
        writer.string(checked.version)
        writer.string("scheme" as StaticString)
        writer.string((addresses.scheme ?? request.scheme) == "https" ? "wss" as StaticString : "ws")
        writer.string("subprotocols" as StaticString)
        writer.list(count: subprotocols.count)
        for subprotocol in subprotocols { writer.string(subprotocol) }
        request.writeTarget(checked.target, to: &writer)
        request.writeFields(of: head, checked, marks, to: &writer)
        addresses.write(to: &writer)
        marks.write(to: &writer)
        return writer.finish()
    }

    /// `websocket.receive`
    ///
    /// - Parameter isSerial: the next event waits for the `done` of this one.
    package func receive(_ message: WebSocketMessage, order: Int, isSerial: Bool) -> Payload {
        var writer = MessagePackWriter(capacity: 192 + self.path.utf8.count + message.bytes.readableBytes)
        writer.map(count: isSerial ? 7 : 6)
        self.begin("websocket.receive", order: order, to: &writer)
        if isSerial {
            writer.string("serial" as StaticString)
            writer.bool(true)
        }
        message.bytes.withUnsafeReadableBytes { bytes in
            switch message {
            case .text:
                writer.string("text" as StaticString)
                writer.string(utf8: bytes)
            case .binary:
                writer.string("bytes" as StaticString)
                writer.bytes(bytes)
            }
        }
        return writer.finish()
    }

    /// `websocket.disconnect`
    package func disconnect(code: WebSocketCloseCode, reason: String, order: Int) -> Payload {
        var writer = MessagePackWriter(capacity: 192 + self.path.utf8.count)
        writer.map(count: 7)
        self.begin("websocket.disconnect", order: order, to: &writer)
        writer.string("code" as StaticString)
        writer.int(Int(code.rawValue))
        writer.string("reason" as StaticString)
        writer.string(reason)
        return writer.finish()
    }

    /// The five fields that all have.
    private func begin(_ type: StaticString, order: Int, to writer: inout MessagePackWriter) {
        writer.string("type" as StaticString)
        writer.string(type)
        writer.string("reply_channel" as StaticString)
        writer.string(self.replyChannel)
        writer.string("control_channel" as StaticString)
        writer.string(self.controlChannel)
        writer.string("path" as StaticString)
        writer.string(self.path)
        writer.string("order" as StaticString)
        writer.int(order)
    }
}
