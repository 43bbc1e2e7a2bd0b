package import SeawayLog

/// Which requests are traced, and who gets their spans (protocol/INTERFACE.md, I84).
package struct TracingConfiguration: Sendable {
    package let sink: any SpanSink
    /// A trace that begins here is kept when 63 bits of its ID are below this.
    private let threshold: UInt64

    /// - Parameter share: of the requests that no trace came with, 0 to 1.
    package init(share: Double, sink: any SpanSink) {
        self.sink = sink
        self.threshold = share >= 1 ? UInt64(1) << 63 : UInt64(max(0, share) * 0x1p63)
    }

    /// Whether a trace with this ID is kept, unless its beginner has decided.
    package func keeps(_ traceID: (high: UInt64, low: UInt64)) -> Bool { traceID.low >> 1 < self.threshold }
}
