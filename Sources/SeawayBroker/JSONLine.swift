import SeawayWire

/// A JSON body with the line ends in its white space made spaces (V11), so that it fits in one line.
struct JSONLine {
    let bytes: [UInt8]

    /// `nil` when there is nothing to change.
    ///
    /// - Parameter body: was checked: then line ends stand nowhere but in white space.
    init?(_ body: Span<UInt8>) {
        guard body.firstIndex(of: UInt8(ascii: "\n")) != nil || body.firstIndex(of: UInt8(ascii: "\r")) != nil else {
            return nil
        }
        self.bytes = body.array.map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 }
    }
}
