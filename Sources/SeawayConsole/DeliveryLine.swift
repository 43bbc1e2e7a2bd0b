package import SeawayMessage

/// One delivery in one line.
package enum DeliveryLine {
    /// `chat.log {"text":"hi"}`, or `a.1 a.2 group=room {"text":"hi"}`: the JSON begins at the first `{`.
    package static func text(_ delivery: Delivery) -> String {
        let names = delivery.channels + (delivery.group.map { ["group=\($0)"] } ?? [])
        return "\(names.joined(separator: " ")) \(Self.message(delivery.body))"
    }

    /// `{"channels":["chat.log"],"message":{"text":"hi"}}`, with `group` behind the channels when it came through one.
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
        writer.key("message")
        writer.raw(Translation.json(fromMessagePack: delivery.body.messagePack.span).span)
        writer.endMap()
    }

    private static func message(_ body: Payload) -> String {
        Printable.json(String(decoding: Translation.json(fromMessagePack: body.messagePack.span), as: UTF8.self))
    }
}
