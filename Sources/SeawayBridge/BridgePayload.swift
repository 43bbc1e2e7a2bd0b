package import SeawayMessage

/// Makes a message of what a source gave (BRIDGES.md, B7 to B9).
package struct BridgePayload: Sendable {
    package enum Format: Hashable, Sendable {
        /// Whatever it is becomes a field of a message.
        case data
        /// It is a message in JSON.
        case json
    }

    package let format: Format

    package init(_ format: Format) { self.format = format }

    /// - Parameter source: the name of the topic, the channel or the path.
    /// - Returns: nil when it should be a JSON map and is none.
    package func payload(_ data: [UInt8], from source: [UInt8]) -> Payload? {
        switch self.format {
        case .data: Message([("source", .text(or: source)), ("data", .text(or: data))]).payload
        case .json: Self.message(json: data)
        }
    }

    /// - Returns: nil when the line should be a JSON map and is none.
    package func payload(line: [UInt8]) -> Payload? {
        switch self.format {
        case .data: Message([("text", .text(or: line))]).payload
        case .json: Self.message(json: line)
        }
    }

    /// - Parameter fields: names and values in turn.
    /// - Returns: with ``Format/json``, the fields themselves as a message.
    package func payload(stream: String, id: [UInt8], fields: [[UInt8]]) -> Payload {
        let pairs = stride(from: 0, to: fields.count - fields.count % 2, by: 2).map {
            (String(decoding: fields[$0], as: UTF8.self), Value.text(or: fields[$0 + 1]))
        }
        return switch self.format {
        case .json: Message(pairs).payload
        case .data:
            Message([("source", .string(stream)), ("id", .text(or: id)), ("fields", .map(Message(pairs)))]).payload
        }
    }

    private static func message(json: [UInt8]) -> Payload? {
        let bytes = Translation.messagePack(fromJSON: json.span)
        return bytes.isEmpty ? nil : Payload(messagePack: bytes)
    }
}

extension Value {
    /// A string where the bytes are well-formed UTF-8, else bytes.
    package static func text(or bytes: [UInt8]) -> Value {
        String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .bytes(bytes)
    }
}

extension Payload {
    /// The message as one line of JSON; empty for what no broker delivers.
    package var json: [UInt8] { Translation.json(fromMessagePack: self.messagePack.span) }
}
