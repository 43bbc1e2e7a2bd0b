/// What was compressed on its way since the server's start.
package struct CompressionCounters: Hashable, Sendable {
    /// Answers that were compressed.
    package var answers = 0
    /// Bytes of their content, before and after.
    package var bytesIn = 0
    package var bytesOut = 0
    /// Answers that were sent as they are because all compressors were in use, or there was no memory for another.
    package var noCompressor = 0
    /// Compressors in use now.
    package var inUse = 0
}
