package import SeawayMessage

/// What looking on looks like as server-sent events (HTML, 9.2).
package enum TailText {
    /// Bodies of more bytes are shown in part, as text.
    static let mostShown = 8 << 10
    /// Characters of that part.
    static let fewShown = 500

    /// A message that passes.
    ///
    /// - Parameter time: seconds since 1970.
    package static func message(_ copy: Delivery, time: Double) -> [UInt8] {
        let body = Translation.json(fromMessagePack: copy.body.messagePack.span)
        var json = JSONWriter(capacity: 128 + min(body.count, Self.mostShown))
        json.beginMap()
        json.key("channel")
        json.string(copy.channels.first ?? "")
        if copy.channels.count > 1 {
            json.key("channels")
            json.int(copy.channels.count)
        }
        if let group = copy.group {
            json.key("group")
            json.string(group)
        }
        json.key("time")
        json.double(time)
        json.key("kind")
        json.string("sent")
        json.key("size")
        json.int(copy.body.count)
        json.key("body")
        if body.count <= Self.mostShown {
            json.raw(body.span)
        } else {
            json.null()
            json.key("text")
            json.string(String(String(decoding: body.prefix(4 * Self.fewShown), as: UTF8.self).prefix(Self.fewShown)))
        }
        json.endMap()
        return Array("data: ".utf8) + json.bytes + Array("\n\n".utf8)
    }

    /// Copies that are missing.
    package static func dropped(_ count: Int) -> [UInt8] { Self.event("dropped", ["count": .int(Int64(count))]) }

    /// Looking on is in force, or is not, at one broker.
    package static func state(_ word: String, broker: String) -> [UInt8] {
        Self.event(word, ["broker": .string(broker)])
    }

    package static func refused(_ refusal: Refusal, broker: String) -> [UInt8] {
        Self.event(
            "refused",
            ["broker": .string(broker), "code": .string(refusal.code), "text": .string(refusal.text)])
    }

    /// So that an end shows that does not say so.
    package static let stillHere = Array(": \n\n".utf8)

    private static func event(_ name: String, _ data: Message) -> [UInt8] {
        Array("event: \(name)\ndata: \(data.json)\n\n".utf8)
    }
}
