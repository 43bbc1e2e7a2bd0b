import SeawayMessage

// A span cannot stand in `#expect`, an array can.
extension BodyCheck {
    static func isMessagePackMap(_ bytes: [UInt8]) -> Bool { self.isMessagePackMap(bytes.span) }
    static func isJSONMap(_ bytes: [UInt8]) -> Bool { self.isJSONMap(bytes.span) }
}

extension Translation {
    static func json(fromMessagePack bytes: [UInt8]) -> [UInt8] { self.json(fromMessagePack: bytes.span) }
    static func messagePack(fromJSON text: [UInt8]) -> [UInt8] { self.messagePack(fromJSON: text.span) }
}
