// MARK: Answers that the server makes
extension Answer {
    /// The first message of an answer of the server's own, or all of it.
    ///
    /// - Parameters:
    ///   - fields: good ones, since they are not checked.
    ///   - length: bytes of all content, also where there is none, as for `HEAD`.
    package init(
        status: Int, fields: [(name: String, value: String)], content: [UInt8] = [], length: Int? = nil,
        moreContent: Bool = false
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count + 512)
        let written = fields.map { name, value in
            Self.append(name.utf8, value.utf8, to: &bytes)
        }
        self.init(bytes, written, content: content)
        self.own(length)
        self.setPiece(AnswerStream.Piece(status: status, size: content.count, moreContent: moreContent))
    }

    /// A further piece of one.
    package init(piece content: [UInt8], moreContent: Bool) {
        self.init([], [], content: content)
        self.own(nil)
        self.setPiece(AnswerStream.Piece(size: content.count, moreContent: moreContent))
    }

    /// The same answer with other fields and content; what it says beside them is kept.
    ///
    /// - Parameters:
    ///   - keep: of each field, its value: the one to be sent, or `nil` to leave it out.
    ///   - added: behind the others.
    package func with(
        content: [UInt8], moreContent: Bool, added: [(name: String, value: String)],
        keep: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>?
    ) -> Answer {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.fieldBytes + content.count + 64)
        var written: [(name: Range<Int>, value: Range<Int>)] = []
        for field in self.fields {
            let name = self.bytes[field.name]
            guard let value = keep(name, self.bytes[field.value]) else { continue }
            written.append(Self.append(name, value, to: &bytes))
        }
        for (name, value) in added { written.append(Self.append(name.utf8, value.utf8, to: &bytes)) }
        var answer = Answer(bytes, written, content: content)
        answer.takeNotices(of: self)
        answer.setPiece(
            AnswerStream.Piece(status: self.piece.status, size: content.count, moreContent: moreContent))
        return answer
    }

    /// The values of all fields of a name.
    ///
    /// - Parameter name: in lower case.
    package func values(of name: String) -> [String] {
        self.fields.filter { self.hasName($0, name) }.map { String(decoding: self.bytes[$0.value], as: UTF8.self) }
    }

    /// - Parameter name: in lower case.
    package func hasField(_ name: String) -> Bool { self.fields.contains { self.hasName($0, name) } }

    private func hasName(_ field: Field, _ name: String) -> Bool {
        field.name.count == name.utf8.count && isSameName(self.bytes[field.name], name)
    }

    private static func append(
        _ name: some Collection<UInt8>, _ value: some Collection<UInt8>, to bytes: inout [UInt8]
    ) -> (name: Range<Int>, value: Range<Int>) {
        let start = bytes.count
        bytes += name
        let middle = bytes.count
        bytes += value
        return (start..<middle, middle..<bytes.count)
    }
}

/// - Parameter lower: in lower case.
func isSameName(_ name: some Collection<UInt8>, _ lower: String) -> Bool {
    name.elementsEqual(lower.utf8) { byte, other in
        (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte) == other
    }
}
