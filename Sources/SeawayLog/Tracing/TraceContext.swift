/// Which trace something belongs to, and what it is a part of (W3C Trace Context, level 1).
package struct TraceContext: Hashable, Sendable {
    /// 16 bytes, not all zero.
    package var traceID: (high: UInt64, low: UInt64)
    /// 8 bytes, not all zero: of the span that what is begun now is a child of.
    package var spanID: UInt64
    /// Somebody keeps the spans of this trace.
    package var isSampled: Bool

    package init(traceID: (high: UInt64, low: UInt64), spanID: UInt64, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// - Parameter traceparent: `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`; of a later version what stands
    ///   behind that is passed over.
    /// - Returns: `nil` for anything else.
    package init?(traceparent: some StringProtocol) {
        let bytes = Array(traceparent.utf8)
        guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            let version = Self.number(bytes[0..<2]), version != 0xFF, version != 0 || bytes.count == 55,
            bytes.count == 55 || bytes[55] == Self.dash,
            let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]),
            let spanID = Self.number(bytes[36..<52]), let flags = Self.number(bytes[53..<55]),
            high != 0 || low != 0, spanID != 0
        else { return nil }
        self.init(traceID: (high, low), spanID: spanID, isSampled: flags & 1 == 1)
    }

    /// As it goes on.
    package var traceparent: String { "00-\(self.traceIDText)-\(self.spanIDText)-\(self.isSampled ? "01" : "00")" }

    package var traceIDText: String { Hexadecimal.text(self.traceID.high, self.traceID.low) }
    package var spanIDText: String { Hexadecimal.text(self.spanID) }

    package static func == (left: TraceContext, right: TraceContext) -> Bool {
        left.traceID == right.traceID && left.spanID == right.spanID && left.isSampled == right.isSampled
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.traceID.high)
        hasher.combine(self.traceID.low)
        hasher.combine(self.spanID)
    }

    private static let dash = UInt8(ascii: "-")

    /// Lower-case hexadecimal digits alone.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }
}

/// Numbers as digits.
package enum Hexadecimal {
    /// 16 lower-case digits.
    package static func text(_ number: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { buffer in
            Self.write(number, to: buffer, at: 0)
            return 16
        }
    }

    /// 32 digits: those of two numbers.
    package static func text(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            Self.write(high, to: buffer, at: 0)
            Self.write(low, to: buffer, at: 16)
            return 32
        }
    }

    private static func write(_ number: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        for index in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64((15 - index) * 4)) & 0xF
            buffer[start + index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
    }
}
