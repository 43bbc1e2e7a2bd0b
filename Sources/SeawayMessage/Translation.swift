/// Turns a message of one format into the same message in the other (V8–V12), without building it as values.
package enum Translation {
    /// - Returns: the message in JSON; empty if the bytes are not exactly one MessagePack map that the wire allows.
    package static func json(fromMessagePack bytes: Span<UInt8>) -> [UInt8] {
        var translator = JSONFromMessagePack(capacity: bytes.count + bytes.count / 2)
        return translator.translate(bytes) ? translator.json : []
    }

    /// - Returns: the message in the shortest MessagePack; empty if the text is not exactly one JSON map that the wire
    ///   allows.
    package static func messagePack(fromJSON text: Span<UInt8>) -> [UInt8] {
        var check = JSONCheck(shapes: JSONShapeList())
        guard check.isMap(text) else { return [] }
        var translator = MessagePackFromJSON(shapes: check.shapes.shapes, capacity: text.count)
        translator.translate(text)
        return translator.messagePack
    }
}
