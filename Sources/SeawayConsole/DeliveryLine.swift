package import SeawayMessage

/// One delivery in one line.
package enum DeliveryLine {
    /// `chat.log {"text":"hi"}`, or `a.1 a.2 group=room {"text":"hi"}`: the JSON begins at the first `{`.
    ///
    /// Before it stands `ack=18231 times=1` of what is to be acknowledged, and `dead=nak tries=1` of a dead letter.
    package static func text(_ delivery: Delivery) -> String {
        var words = delivery.channels
        if let held = delivery.held { words.append("ack=\(held.id) times=\(held.times)") }
        if let letter = delivery.deadLetter { words.append("dead=\(letter.cause.rawValue) tries=\(letter.tries)") }
        if let group = delivery.group { words.append("group=\(group)") }
        return "\(words.joined(separator: " ")) \(Self.message(delivery.body))"
    }

    /// `{"channels":["chat.log"],"message":{"text":"hi"}}`, with `group` behind the channels when it came through one,
    /// and before the message what PROTOCOL.md has behind a channel (D9, D14): `ack`, `times`, `dead`, `tries`,
    /// `since`, `why`.
    package static func json(_ delivery: Delivery) -> String {
        var writer = JSONWriter()
        writer.beginMap()
        writer.key("channels")
        writer.beginList()
        for channel in delivery.channels { writer.string(channel) }
        writer.endList()
        Self.end(&writer, delivery)
        return Printable.json(String(decoding: writer.bytes, as: UTF8.self))
    }

    /// A copy that came through a group: `room {"text":"hi"}`.
    package static func text(copy delivery: Delivery) -> String {
        "\(delivery.group ?? delivery.channels.joined(separator: " ")) \(Self.message(delivery.body))"
    }

    /// `{"group":"room","message":{"text":"hi"}}`
    package static func json(copy delivery: Delivery) -> String {
        var writer = JSONWriter()
        writer.beginMap()
        Self.end(&writer, delivery)
        return Printable.json(String(decoding: writer.bytes, as: UTF8.self))
    }

    private static func end(_ writer: inout JSONWriter, _ delivery: Delivery) {
        if let group = delivery.group {
            writer.key("group")
            writer.string(group)
        }
        if let held = delivery.held {
            writer.key("ack")
            writer.string(held.id)
            writer.key("times")
            writer.int(Int64(held.times))
        }
        if let letter = delivery.deadLetter {
            writer.key("dead")
            writer.string(letter.cause.rawValue)
            writer.key("tries")
            writer.int(Int64(letter.tries))
            writer.key("since")
            writer.int(Int64(letter.age / .milliseconds(1)))
            if let reason = letter.reason {
                writer.key("why")
                writer.string(reason)
            }
        }
        writer.key("message")
        writer.raw(Translation.json(fromMessagePack: delivery.body.messagePack.span).span)
        writer.endMap()
    }

    private static func message(_ body: Payload) -> String {
        Printable.json(String(decoding: Translation.json(fromMessagePack: body.messagePack.span), as: UTF8.self))
    }
}
