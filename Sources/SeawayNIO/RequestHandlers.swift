package import NIOCore
package import NIOHTTP1

extension ChannelPipeline.SynchronousOperations {
    /// Adds what reads requests of HTTP/1.1 where there is no `ServerConfiguration` to bound them: as the interface
    /// server reads them, and within the limits that it has unless it is told otherwise.
    ///
    /// What is no request comes as an error, of which ``NIOHTTP1/HTTPResponseStatus/init(refusing:)`` knows the answer.
    package func addRequestHandlers() throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 32 << 10
        limits.maxHeaderListSize = 32 << 10
        limits.maxHeaderFieldCount = 100
        let framing = RequestFraming(maxChunkOverhead: 16 << 10)
        try self.addHandler(RequestDecoder.handler(limits: limits, framing: framing))
        try self.addHandler(HeadTelling(framing))
    }
}

extension HTTPResponseStatus {
    /// The answer to what is no request, or none that is taken.
    ///
    /// - Returns: `nil` where there is nobody to answer, or nothing to say.
    package init?(refusing error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: self = .requestHeaderFieldsTooLarge
        case HTTPParserError.invalidMethod: self = .notImplemented
        case HTTPParserError.invalidEOFState: return nil
        case is HTTPParserError: self = .badRequest
        default: return nil
        }
    }
}

/// Tells a ``RequestFraming`` of each head as soon as the parser has read it, whatever waits behind, and says what that
/// has found in the words of the parser, which NIO's own handlers know.
private final class HeadTelling: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let framing: RequestFraming

    init(_ framing: RequestFraming) { self.framing = framing }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = Self.unwrapInboundIn(data) { self.framing.headCame(head) }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is RequestLine.TooLong: context.fireErrorCaught(HTTPParserError.headerOverflow)
        case is RequestFraming.ChunkOverhead: context.fireErrorCaught(HTTPParserError.invalidChunkSize)
        default: context.fireErrorCaught(error)
        }
    }
}

@available(*, unavailable)
extension HeadTelling: Sendable {}
