import SeawayWire

/// A name with places for the name of a source: `{name}` for the whole of it, `{1}` to `{9}` for its parts.
///
/// The text of the template is the operator's and may hold a `!` or `?`; what comes from a source never brings one in.
///
/// - SeeAlso: protocol/BRIDGES.md, B1 to B6.
package struct NameTemplate: Hashable, Sendable, CustomStringConvertible {
    /// What is done about bytes that no name may hold (B3).
    package enum Illegal: String, Hashable, Sendable, CaseIterable { case escape, refuse }

    /// Why a text is no template.
    package enum Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        case unknownPlace(String)
        case illegalName(String)

        package var description: String {
            switch self {
            case .unknownPlace(let place): "'\(place)' is not {name} or {1} to {9}"
            case .illegalName(let text): "'\(text)' does not make a legal name (A-Z a-z 0-9 - _ .)"
            }
        }
    }

    /// Why a source's name has no counterpart.
    package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// It holds bytes that no name may hold, and they are not to be escaped.
        case illegalByte(UInt8)
        /// It has fewer parts than the template asks for, or that part is empty.
        case missingPart(Int)
        /// Nothing is left, or more than 255 bytes.
        case length(Int)

        package var description: String {
            switch self {
            case .illegalByte(let byte): "no name may hold the byte \(byte)"
            case .missingPart(let number): "it has no part \(number)"
            case .length(let count): WireRefusal.nameLength(count).details
            }
        }
    }

    private enum Piece: Hashable, Sendable {
        case literal([UInt8])
        case whole
        case part(Int)
    }

    private let pieces: [Piece]
    package let description: String

    /// - Throws: when a place is unknown, or the text around the places is illegal in a name of that kind.
    package init(_ text: String, for kind: Destination.Kind) throws(Malformed) {
        self.description = text
        self.pieces = try Self.pieces(of: text)
        let sample = self.pieces.flatMap { piece -> [UInt8] in
            if case .literal(let bytes) = piece { bytes } else { [UInt8(ascii: "a")] }
        }
        guard let form = NameForm(sample.span), kind == .group ? form == .normal : form.isChannel
        else { throw .illegalName(text) }
    }

    private static func pieces(of text: String) throws(Malformed) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.literal(Array(rest[..<open].utf8))) }
            guard let close = rest[open...].firstIndex(of: "}") else { throw .unknownPlace(String(rest[open...])) }
            let place = rest[rest.index(after: open)..<close]
            if place == "name" {
                pieces.append(.whole)
            } else if place.utf8.count == 1, let number = Int(place), number > 0 {
                pieces.append(.part(number))
            } else {
                throw .unknownPlace("{\(place)}")
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.literal(Array(rest.utf8))) }
        return pieces
    }

    /// Whether every source has the same name.
    package var isFixed: Bool {
        self.pieces.allSatisfy { if case .literal = $0 { true } else { false } }
    }

    /// The name for a source (B1 to B5).
    package func name(for source: [UInt8], illegal: Illegal) throws(Refusal) -> String {
        var name: [UInt8] = []
        for piece in self.pieces {
            switch piece {
            case .literal(let bytes): name += bytes
            case .whole: try Self.append(source[...], to: &name, illegal)
            case .part(let number): try Self.append(Self.part(number, of: source), to: &name, illegal)
            }
        }
        guard (1...Name.maxLength).contains(name.count) else { throw .length(name.count) }
        return String(decoding: name, as: UTF8.self)
    }

    /// The parts stand between `/`, `:` and `.`; the first is number 1.
    private static func part(_ number: Int, of source: [UInt8]) throws(Refusal) -> ArraySlice<UInt8> {
        let parts = source.split(omittingEmptySubsequences: false) { "/:.".utf8.contains($0) }
        guard parts.count >= number, !parts[number - 1].isEmpty else { throw .missingPart(number) }
        return parts[number - 1]
    }

    private static func append(
        _ source: ArraySlice<UInt8>, to name: inout [UInt8], _ illegal: Illegal
    ) throws(Refusal) {
        for byte in source {
            if Name.isNameByte(byte) {
                name.append(byte)
            } else if byte == UInt8(ascii: "/") || byte == UInt8(ascii: ":") {
                name.append(UInt8(ascii: "."))
            } else if illegal == .escape {
                name.append(UInt8(ascii: "_"))
                name.append(Self.digit(byte >> 4))
                name.append(Self.digit(byte & 15))
            } else {
                throw .illegalByte(byte)
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
