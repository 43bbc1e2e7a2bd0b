/// What became of TLS handshakes since the server's start.
package struct TLSCounters: Hashable, Sendable {
    package var handshakes = 0
    package var slow = 0
    package var left = 0
    package var plain = 0
    package var refused = 0

    package init() {}

    mutating func count(_ failure: HandshakeFailure) {
        switch failure {
        case .slow: self.slow += 1
        case .left: self.left += 1
        case .plain: self.plain += 1
        case .refused: self.refused += 1
        }
    }

    package var metrics: [Metric] {
        [
            Metric("seaway_tls_handshakes_total", "TLS handshakes that came about.", self.handshakes),
            Metric(
                "seaway_tls_handshakes_failed_total", "TLS handshakes that did not.",
                by: ["slow": self.slow, "left": self.left, "plain": self.plain, "refused": self.refused]),
        ]
    }
}
