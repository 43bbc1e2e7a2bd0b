/// Why bytes or text are not one message.
public struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which rules were broken.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The bytes are not exactly one MessagePack map that the wire allows (V1–V7).
        public static let messagePack = Code(description: "not one well-formed MessagePack map")
        /// The text is not exactly one JSON map that the wire allows (V1–V9).
        public static let json = Code(description: "not one well-formed JSON map")
    }

    public let code: Code
    public var description: String { self.code.description }

    package init(_ code: Code) { self.code = code }
}
