package import Foundation

/// The language-neutral files in `protocol/vectors`, as every test target reads them.
package enum Vectors {
    /// The `protocol` folder of this checkout.
    package static let protocolFolder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "protocol")

    /// Reads one file of vectors, without those that say why Swift skips them.
    ///
    /// - Parameter file: its name, such as `frames.json`.
    package static func load<Vector: Decodable>(_ file: String, as type: Vector.Type = Vector.self) throws -> [Vector] {
        let data = try Data(contentsOf: self.protocolFolder.appending(path: "vectors/\(file)"))
        let all = try JSONDecoder().decode([Skippable<Vector>].self, from: data)
        return all.filter { $0.skip?["swift"] == nil }.map(\.vector)
    }
}

/// A vector with the reasons for which languages leave it out.
private struct Skippable<Vector: Decodable>: Decodable {
    let skip: [String: String]?
    let vector: Vector

    enum Keys: String, CodingKey { case skip }

    init(from decoder: any Decoder) throws {
        self.skip = try decoder.container(keyedBy: Keys.self).decodeIfPresent([String: String].self, forKey: .skip)
        self.vector = try Vector(from: decoder)
    }
}

/// Text in a vector: a string, or a list of strings and `[string, times]` where it would be long.
package struct VectorText: Decodable, Sendable, Hashable {
    package let bytes: [UInt8]
    package var string: String { String(decoding: self.bytes, as: UTF8.self) }

    private enum Part: Decodable {
        case once(String)
        case times(String, Int)

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self = .once(text)
            } else {
                var pair = try decoder.unkeyedContainer()
                self = .times(try pair.decode(String.self), try pair.decode(Int.self))
            }
        }

        var bytes: [UInt8] {
            switch self {
            case .once(let text): Array(text.utf8)
            case .times(let text, let count): Array(String(repeating: text, count: count).utf8)
            }
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.bytes = Array(text.utf8)
        } else {
            self.bytes = try container.decode([Part].self).flatMap(\.bytes)
        }
    }
}

/// Bytes in a vector, written as hexadecimal digits; in parts, like ``VectorText``, where they would be long.
package struct VectorHex: Decodable, Sendable, Hashable {
    package let bytes: [UInt8]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let digits = try VectorText(from: decoder).bytes
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard index + 1 < digits.count,
                let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
            else { throw DecodingError.dataCorruptedError(in: container, debugDescription: "odd hexadecimal digits") }
            bytes.append(byte)
        }
        self.bytes = bytes
    }
}
