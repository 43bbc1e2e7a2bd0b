import Foundation
import SeawayMessage
import SeawayTesting
import TestSupport
import Testing

/// `sockets.json`: one server, its browsers and its workers, step by step.
struct SocketVector: Decodable, Sendable, CustomTestStringConvertible {
    struct Step: Decodable, Sendable {
        let on: Names?
        let upgrade: String?
        let fields: [[String]]?
        let from: String?
        let behind: Frame?
        let status: Int?
        let frame: Frame?
        let frames: [Frame]?
        let drop: Bool?
        let stall: Bool?
        let takes: Bool?
        let closing: String?
        let closed: Bool?
        let to: [String]?
        let send: Map?
        let control: Map?
        let group: String?
        let layer: [String: String]?
        let release: String?
        let events: [Map]?
        let calls: [String]?
        let advance: Int?
        let counters: [String: Int]?
        let lost: String?
        let weakened: Bool?
        let shutdown: Bool?
    }

    /// One browser, or several.
    struct Names: Decodable, Sendable {
        let all: [String]
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                self.all = [one]
            } else {
                self.all = try container.decode([String].self)
            }
        }
    }

    struct Frame: Decodable, Sendable {
        let text: String?
        let bytesHex: VectorHex?
        let close: Int?
        let reason: String?
        let ping: Bool?
        let pong: Bool?
        let part: String?
        let last: Bool?
        let many: Int?

        enum CodingKeys: String, CodingKey {
            case text, close, reason, ping, pong, part, last, many
            case bytesHex = "bytes_hex"
        }

        /// As a browser sends it; a close of 0 has no code.
        var client: ClientFrame {
            if self.ping == true { return .ping() }
            if self.pong == true { return .pong() }
            if let part = self.part { return .more(part, isFinal: self.last ?? true) }
            if let close = self.close {
                return .close(close == 0 ? nil : UInt16(clamping: close), self.reason ?? "")
            }
            return self.bytesHex.map { .binary($0.bytes) } ?? .text(self.text ?? "", isFinal: self.last ?? true)
        }

        /// As a browser gets it.
        var server: ServerFrame {
            if self.ping == true { return .ping }
            if let close = self.close { return .close(close == 0 ? nil : UInt16(clamping: close), self.reason ?? "") }
            return self.bytesHex.map { .binary($0.bytes) } ?? .text(self.text ?? "")
        }
    }

    /// A message, or what one must hold.
    struct Map: Decodable, Sendable {
        let message: Message

        init(from decoder: any Decoder) throws { self.message = try Message(Self.pairs(decoder)) }

        private static func pairs(_ decoder: any Decoder) throws -> [(String, Value)] {
            let container = try decoder.container(keyedBy: Key.self)
            return try container.allKeys.map { ($0.stringValue, try container.decode(Item.self, forKey: $0).value) }
        }

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        private struct Item: Decodable {
            let value: Value
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if container.decodeNil() {
                    self.value = .null
                } else if let bool = try? container.decode(Bool.self) {
                    self.value = .bool(bool)
                } else if let int = try? container.decode(Int64.self) {
                    self.value = .int(int)
                } else if let string = try? container.decode(String.self) {
                    self.value = .string(string)
                } else if let list = try? container.decode([Item].self) {
                    self.value = .list(list.map(\.value))
                } else {
                    self.value = .map(Message(try Map.pairs(decoder)))
                }
            }
        }
    }

    /// An option of the server, as on its command line; times in milliseconds.
    enum Option: Decodable, Sendable {
        case number(Int)
        case text(String)
        case list([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .list(try container.decode([String].self))
            }
        }

        var number: Int { if case .number(let number) = self { number } else { 0 } }
        var text: String { if case .text(let text) = self { text } else { "" } }
        var list: [String] { if case .list(let list) = self { list } else { [] } }
    }

    let id: String
    let why: String
    let options: [String: Option]?
    let steps: [Step]

    var testDescription: String { self.id }
}
