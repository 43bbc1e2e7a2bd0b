import TestSupport
import Testing

/// `sessions.json` and `delivery.json`: connections step by step.
struct ScenarioVector: Decodable, Sendable, CustomTestStringConvertible {
    struct Step: Decodable, Sendable {
        let on: String?
        let c: VectorText?
        let cHex: VectorHex?
        let s: VectorText?
        let sHex: VectorHex?
        let advance: Int?
        let eof: Bool?
        let drop: Bool?
        let closed: Bool?
        let stall: Bool?
        let shutdown: Int?
        /// Lines of a file that takes the place of the one before.
        let tokens: [String]?
        /// What becomes of what the store is asked from now on.
        let store: ScriptedStore.Mood?

        enum CodingKeys: String, CodingKey {
            case on, c, s, advance, eof, drop, closed, stall, shutdown, tokens, store
            case cHex = "c_hex"
            case sHex = "s_hex"
        }

        var connection: String { self.on ?? "a" }
        var sent: [UInt8]? { self.c?.bytes ?? self.cHex?.bytes }
        var expected: [UInt8]? { self.s?.bytes ?? self.sHex?.bytes }
    }

    /// An option of the broker, as on its command line.
    enum Option: Decodable, Sendable {
        case number(Int)
        case list([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .list(try container.decode([String].self))
            }
        }
    }

    let id: String
    let why: String
    let options: [String: Option]?
    let steps: [Step]

    /// It is of a store that does as it is told, which there is in memory alone.
    var hasStore: Bool { self.options?["durable"] != nil }

    var testDescription: String { self.id }
}

/// Compares what came with what a vector says, where `…` stands for the rest of a line.
enum Wildcard {
    static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        let dots = Array("…".utf8)
        var position = 0
        var index = 0
        let dotsAfterSpace = Array(" …".utf8)
        while index < pattern.count {
            let isOptional = pattern[index...].starts(with: dotsAfterSpace)
            if isOptional || pattern[index...].starts(with: dots) {
                index += isOptional ? dotsAfterSpace.count : dots.count
                while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
                // Inside a line `…` stands for all that follows, so the rest of the pattern's line is passed over too.
                while index < pattern.count, pattern[index] != UInt8(ascii: "\n") { index += 1 }
            } else {
                guard position < text.count, text[position] == pattern[index] else { return false }
                position += 1
                index += 1
            }
        }
        return position == text.count
    }
}
