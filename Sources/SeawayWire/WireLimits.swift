/// How long the parts of a frame may be.
package struct WireLimits: Hashable, Sendable {
    /// Bytes of a line, its LF not counted (F3).
    package var maxLine: Int
    /// Bytes of a body that is taken (F6).
    package var maxBody: Int
    /// Bytes of a body that is still skipped; a longer one ends the connection (F6).
    package var maxSkippedBody: Int

    package init(maxLine: Int = 4_096, maxBody: Int = 2_097_152, maxSkippedBody: Int = 67_108_864) {
        self.maxLine = maxLine
        self.maxBody = maxBody
        self.maxSkippedBody = max(maxBody, maxSkippedBody)
    }
}
