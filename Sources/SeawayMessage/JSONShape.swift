/// What a pair of brackets in JSON text stands for, known only at its end.
enum JSONShape: Hashable {
    case list(count: Int)
    case map(count: Int)
    /// `{"$bytes":"…"}` (V8).
    case bytes
    /// A map whose only key has one `$` too many (V9).
    case dollarMap
}

/// Takes down the shapes of brackets in the order in which they open.
protocol JSONShapes {
    mutating func open() -> Int
    mutating func close(_ place: Int, as shape: JSONShape)
}

/// For who only asks whether text is well-formed.
struct NoJSONShapes: JSONShapes {
    mutating func open() -> Int { 0 }
    mutating func close(_ place: Int, as shape: JSONShape) {}
}

/// For who needs the counts before the elements, as MessagePack does.
struct JSONShapeList: JSONShapes {
    private(set) var shapes: [JSONShape] = []

    mutating func open() -> Int {
        self.shapes.append(.list(count: 0))
        return self.shapes.count - 1
    }

    mutating func close(_ place: Int, as shape: JSONShape) { self.shapes[place] = shape }
}

/// What the first key of a map says about the map, if no other key follows.
enum DollarKey {
    /// Nothing.
    case none
    /// `$bytes`: the map stands for bytes.
    case bytes
    /// `$bytes` behind further `$`: the map has one `$` less.
    case escaped

    /// - Parameter key: its UTF-8, without escapes.
    init(_ key: Span<UInt8>) {
        var dollars = 0
        while dollars < key.count, key[dollars] == UInt8(ascii: "$") { dollars += 1 }
        var offset = dollars
        guard dollars > 0, key.count - dollars == 5, JSONScan.word("bytes", key, &offset) else {
            self = .none
            return
        }
        self = dollars == 1 ? .bytes : .escaped
    }

    init(_ key: JSONScan.Text, _ bytes: Span<UInt8>) {
        if key.isEscaped {
            self.init(JSONScan.unescaped(key, bytes).span)
        } else {
            self.init(bytes.extracting(key.content))
        }
    }
}
