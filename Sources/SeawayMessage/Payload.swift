/// One encoded message: a MessagePack map, as it crosses a layer.
///
/// Nothing is checked when it is made, but when it is read: by the broker with `ERR payload`, by `Message(_:)` with an
/// error.
public struct Payload: Hashable, Sendable {
    /// The map, from its first byte to its last.
    public let messagePack: [UInt8]

    /// Takes bytes as they are, without a check.
    public init(messagePack: [UInt8]) { self.messagePack = messagePack }

    /// Encodes a message.
    public init(_ message: Message) { self = message.payload }

    /// The size in bytes, as it counts against `max-body` (2,097,152) and capacities.
    public var count: Int { self.messagePack.count }

    /// The value of one key of the map, the last one where it stands twice (V2), without decoding the others.
    ///
    /// nil when there is no such key, and when the bytes are not a well-formed map.
    ///
    /// - Complexity: O(count).
    public subscript(key: String) -> Value? {
        var reader = MessagePackReader(self)
        guard let count = reader.map() else { return nil }
        var key = key
        return key.withUTF8 { wanted in
            var found: Value?
            for _ in 0..<count {
                guard let name = reader.string() else { return nil }
                if self.messagePack[name].elementsEqual(wanted) {
                    found = reader.value()
                    guard found != nil else { return nil }
                } else {
                    guard reader.skip() else { return nil }
                }
            }
            return found
        }
    }
}
