import SeawayWire
import TestSupport
import Testing

/// `names.json`: what may be a name, and which pattern matches it.
struct NameVector: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let why: String
    let name: VectorText?
    let nameHex: VectorHex?
    let kind: String
    let valid: Bool
    let form: String?
    let matches: [String: Bool]?

    enum CodingKeys: String, CodingKey {
        case id, why, name, kind, valid, form, matches
        case nameHex = "name_hex"
    }

    var testDescription: String { self.id }
    var bytes: [UInt8] { self.name?.bytes ?? self.nameHex?.bytes ?? [] }
}

@Suite struct NameVectorTests {
    @Test(arguments: try Vectors.load("names.json", as: NameVector.self))
    func namesAreCheckedAsBytes(vector: NameVector) {
        let form = NameForm(vector.bytes.span)
        switch vector.kind {
        case "pattern":
            let pattern = Pattern(vector.bytes)
            #expect((pattern != nil) == vector.valid, "\(vector.why)")
            for (name, matches) in vector.matches ?? [:] {
                #expect(pattern?.matches(Name(checked: Array(name.utf8))) == matches, "\(vector.why): \(name)")
            }
        case "group": #expect((form == .normal) == vector.valid, "\(vector.why)")
        case "listen": #expect((form != nil) == vector.valid, "\(vector.why)")
        default: #expect((form?.isChannel == true) == vector.valid, "\(vector.why)")
        }
        if let word = vector.form, vector.valid { #expect(form.map(Self.word) == word, "\(vector.why)") }
    }

    private static func word(_ form: NameForm) -> String {
        switch form {
        case .normal: "normal"
        case .reply: "reply"
        case .mailbox: "mailbox"
        case .pinned: "pinned"
        }
    }
}
