import NIOCore
import NIOHTTP2

/// The bounds of HTTP/2 (INTERFACE.md, section 13).
package struct HTTP2Configuration: Hashable, Sendable {
    /// Whether it is offered inside TLS (ALPN).
    package var isOffered = true
    /// Whether a client without TLS may begin with it, by prior knowledge.
    package var isTakenInClear = false
    /// Requests of one connection at a time.
    package var maxStreams = 100
    /// `RST_STREAM` of one connection in ``window`` (CVE-2023-44487).
    package var maxResets = 200
    /// `PING`, `SETTINGS`, `PRIORITY` and their like of one connection in ``window``.
    package var maxControlFrames = 200
    /// `CONTINUATION` frames of one header block.
    package var maxContinuations = 5
    /// What the two counts above are kept for.
    package var window = Duration.seconds(30)
    /// Bytes of an answer that may wait for one stream before its reply channel is paused.
    package var maxUnsent = 65_536
    /// Bytes below which it is resumed.
    package var resumeBelow = 16_384
    /// Bytes of a body that are on their way or kept here, and that a client may send ahead on the connection.
    package var streamWindow = 262_144
    package var connectionWindow = 1_048_576

    package init() {}

    /// - Parameter maxHead: bytes of a request's fields.
    func connection(maxHead: Int) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: self.maxStreams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: maxHead),
            // WebSockets (RFC 8441).
            HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
        ]
        configuration.maximumSequentialContinuationFrames = self.maxContinuations
        configuration.controlFrameRateLimit.maximumCount = self.maxControlFrames
        configuration.controlFrameRateLimit.windowLength = .milliseconds(self.window.wholeMilliseconds)
        return configuration
    }

    var stream: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.streamResetFrameRateLimit.maximumCount = self.maxResets
        configuration.streamResetFrameRateLimit.windowLength = .milliseconds(self.window.wholeMilliseconds)
        configuration.streamErrorRateLimit.maximumCount = self.maxResets
        configuration.streamErrorRateLimit.windowLength = .milliseconds(self.window.wholeMilliseconds)
        return configuration
    }
}
