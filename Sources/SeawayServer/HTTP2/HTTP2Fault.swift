import NIOHTTP2

/// Why a connection of HTTP/2 was ended for what its client did.
package enum HTTP2Fault: String, Hashable, Sendable, CaseIterable {
    /// Too many streams at once.
    case streams
    /// Too many streams reset, by the client or for its mistakes (CVE-2023-44487).
    case resets
    /// A flood of `PING`, `SETTINGS` and their like, or of empty `DATA`.
    case controlFrames = "control_frames"
    /// A header block in too many pieces, or too large.
    case head
    /// Anything else that is not HTTP/2.
    case malformed

    /// - Returns: `nil` for what ends a stream alone, or came behind the end.
    package init?(_ error: any Error) {
        switch error {
        case is NIOHTTP2Errors.MaxStreamsViolation: self = .streams
        case is NIOHTTP2Errors.ExcessiveRSTFrames, is NIOHTTP2Errors.ExcessiveStreamErrors: self = .resets
        case is NIOHTTP2Errors.ExcessiveControlFrames, is NIOHTTP2Errors.ExcessiveEmptyDataFrames,
            is NIOHTTP2Errors.ExcessiveOutboundFrameBuffering, is NIOHTTP2Errors.ExcessiveNumberOfGlitches:
            self = .controlFrames
        case is NIOHTTP2Errors.ExcessiveContinuationFrames, is NIOHTTP2Errors.ExcessivelyLargeHeaderBlock: self = .head
        // Said of a frame behind GOAWAY and the last stream, whose own frames are still to leave.
        case is NIOHTTP2Errors.IOOnClosedConnection: return nil
        case _ where Self.isOfStream(error): return nil
        default: self = .malformed
        }
    }

    /// Whether it is about one request, of which its own stream knows.
    private static func isOfStream(_ error: any Error) -> Bool {
        switch error {
        case is NIOHTTP2Errors.StreamError, is NIOHTTP2Errors.StreamClosed, is NIOHTTP2Errors.NoSuchStream,
            is NIOHTTP2Errors.MissingPseudoHeader, is NIOHTTP2Errors.DuplicatePseudoHeader,
            is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader, is NIOHTTP2Errors.UnknownPseudoHeader,
            is NIOHTTP2Errors.UnsupportedPseudoHeader, is NIOHTTP2Errors.InvalidPseudoHeaders,
            is NIOHTTP2Errors.InvalidPseudoHeaderValue, is NIOHTTP2Errors.EmptyPathHeader,
            is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue,
            is NIOHTTP2Errors.ForbiddenHeaderField, is NIOHTTP2Errors.TrailersWithoutEndStream,
            is NIOHTTP2Errors.ContentLengthViolated, is NIOHTTP2Errors.ContentLengthHeadersMismatch,
            is NIOHTTP2Errors.ContentLengthHeaderNegative, is NIOHTTP2Errors.ContentLengthHeaderMalformedValue:
            true
        default: false
        }
    }
}
