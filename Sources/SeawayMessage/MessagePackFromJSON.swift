/// Writes JSON text as MessagePack while it reads it for the second time.
///
/// MessagePack wants each count before the elements, so ``JSONCheck`` has read the text before and taken down the
/// shapes of all brackets.
struct MessagePackFromJSON {
    private let shapes: [JSONShape]
    private var nextShape = 0
    private var writer: MessagePackWriter
    private var offset = 0

    init(shapes: [JSONShape], capacity: Int) {
        self.shapes = shapes
        self.writer = MessagePackWriter(capacity: capacity)
    }

    var messagePack: [UInt8] { self.writer.bytes }

    /// - Parameter text: what ``JSONCheck`` found to be one map.
    mutating func translate(_ text: Span<UInt8>) {
        self.skipMarks(text)
        self.value(text)
    }

    private mutating func value(_ text: Span<UInt8>) {
        switch text[self.offset] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): self.brackets(text)
        case UInt8(ascii: "\""): self.string(text)
        case UInt8(ascii: "t"):
            self.writer.bool(true)
            self.offset += 4
        case UInt8(ascii: "f"):
            self.writer.bool(false)
            self.offset += 5
        case UInt8(ascii: "n"):
            self.writer.null()
            self.offset += 4
        default: self.number(text)
        }
    }

    private mutating func brackets(_ text: Span<UInt8>) {
        let shape = self.shapes[self.nextShape]
        self.nextShape += 1
        self.offset += 1
        switch shape {
        case .list(let count):
            self.writer.list(count: count)
            for _ in 0..<count {
                self.skipMarks(text)
                self.value(text)
            }
        case .map(let count):
            self.writer.map(count: count)
            for _ in 0..<count {
                self.skipMarks(text)
                self.string(text)
                self.skipMarks(text)
                self.value(text)
            }
        case .dollarMap:
            self.writer.map(count: 1)
            self.skipMarks(text)
            self.string(text, dropping: 1)
            self.skipMarks(text)
            self.value(text)
        case .bytes:
            self.skipMarks(text)
            _ = JSONScan.string(text, &self.offset)
            self.skipMarks(text)
            self.bytes(text)
        }
        self.skipMarks(text)
        self.offset += 1
    }

    /// Writes a string without its first `dollars` bytes.
    private mutating func string(_ text: Span<UInt8>, dropping dollars: Int = 0) {
        self.withString(text) { $0.string(utf8: $1.extracting(dollars...)) }
    }

    private mutating func bytes(_ text: Span<UInt8>) {
        self.withString(text) { writer, digits in
            writer.bytesHead(count: Base64.decodedCount(digits))
            Base64.decode(digits) { writer.append($0) }
        }
    }

    private mutating func withString(_ text: Span<UInt8>, _ use: (inout MessagePackWriter, Span<UInt8>) -> Void) {
        guard let string = JSONScan.string(text, &self.offset) else { return }
        if string.isEscaped {
            use(&self.writer, JSONScan.unescaped(string, text).span)
        } else {
            use(&self.writer, text.extracting(string.content))
        }
    }

    private mutating func number(_ text: Span<UInt8>) {
        switch JSONScan.number(text, &self.offset) {
        case .int(let value): self.writer.int(value)
        case .double(let value): self.writer.double(value)
        case nil: break
        }
    }

    /// Moves behind white space, commas and colons; that each is in its place was found out before.
    private mutating func skipMarks(_ text: Span<UInt8>) {
        while self.offset < text.count {
            switch text[self.offset] {
            case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: ":"): self.offset += 1
            default: return
            }
        }
    }
}
