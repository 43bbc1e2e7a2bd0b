/// What a message may hold.
///
/// - SeeAlso: protocol/PROTOCOL.md, section 5.
public enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    /// Must be finite to be sent: a broker refuses NaN and infinities (V5).
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// Lists and maps nest at most 64 deep, the message being the first (V6).
    case list([Value])
    case map(Message)
}

// MARK: Looking inside; nil when the value is of another kind.
extension Value {
    public var isNull: Bool { self == .null }

    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    public var int: Int64? {
        if case .int(let value) = self { value } else { nil }
    }

    /// A double, or an integer as the nearest double.
    public var double: Double? {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }

    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// Bytes, or a string as its UTF-8: a sender that speaks JSON may mean either (V10).
    public var bytes: [UInt8]? {
        switch self {
        case .bytes(let value): value
        case .string(let value): Array(value.utf8)
        default: nil
        }
    }

    public var list: [Value]? {
        if case .list(let value) = self { value } else { nil }
    }

    public var map: Message? {
        if case .map(let value) = self { value } else { nil }
    }

    /// The value of a key, when this is a map that has it.
    public subscript(key: String) -> Value? { self.map?[key] }
}

// MARK: Literals
extension Value: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, Value)...) { self = .map(Message(elements)) }
}
