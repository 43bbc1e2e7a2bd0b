import SeawayMessage

extension MessagePackReader {
    /// Reads one value of a kind, or null, which counts as absent (protocol/INTERFACE.md).
    ///
    /// - Returns: `nil` when it is neither.
    mutating func valueOrNull<Kind>(_ kind: (inout MessagePackReader) -> Kind?) -> Kind?? {
        let start = self
        if let value = kind(&self) { return .some(value) }
        self = start
        return self.value() == .null ? .some(nil) : nil
    }
}
