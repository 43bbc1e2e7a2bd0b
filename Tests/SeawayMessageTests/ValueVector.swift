import TestSupport
import Testing

/// `values.json`: one message in both formats, or a body that is refused in one of them.
struct ValueVector: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let spec: [String]
    let why: String
    let messagePack: [UInt8]?
    let json: [UInt8]?
    private let direction: String?
    private let refused: String?

    private enum Keys: String, CodingKey {
        case id, spec, why, msgpack, json, direction, refused
        case jsonHex = "json_hex"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Keys.self)
        self.id = try fields.decode(String.self, forKey: .id)
        self.spec = try fields.decode([String].self, forKey: .spec)
        self.why = try fields.decode(String.self, forKey: .why)
        self.messagePack = try fields.decodeIfPresent(VectorHex.self, forKey: .msgpack)?.bytes
        self.json =
            try fields.decodeIfPresent(VectorText.self, forKey: .json)?.bytes
            ?? fields.decodeIfPresent(VectorHex.self, forKey: .jsonHex)?.bytes
        self.direction = try fields.decodeIfPresent(String.self, forKey: .direction)
        self.refused = try fields.decodeIfPresent(String.self, forKey: .refused)
    }

    var testDescription: String { self.id }
    var isAccepted: Bool { self.refused == nil }
    var translatesToJSON: Bool { ["both", "to-json"].contains(self.direction) }
    var translatesToMessagePack: Bool { ["both", "to-msgpack"].contains(self.direction) }

    /// Read once: the long ones take their time.
    private static let file = Result { try Vectors.load("values.json", as: ValueVector.self) }
    static func all() throws -> [ValueVector] { try self.file.get() }
    static func accepted() throws -> [ValueVector] { try self.all().filter(\.isAccepted) }
    static func refused() throws -> [ValueVector] { try self.all().filter { !$0.isAccepted } }
    /// Both formats hold exactly the same message.
    static func exact() throws -> [ValueVector] {
        try self.all().filter { $0.translatesToJSON && $0.translatesToMessagePack }
    }
}
