/// How the end of an answer's body is told to the client.
package enum BodyFraming: Hashable, Sendable {
    /// No content is sent; the length that it would have, where it is known (I13, I14).
    case none(contentLength: Int?)
    case length(Int)
    case chunked
    /// HTTP/1.0 knows no chunks.
    case untilClose

    /// - Parameters:
    ///   - size: bytes of content in the first message.
    ///   - isLast: the first message is the whole answer.
    ///   - declaredLength: the worker's own `content-length`, which holds where the content comes in pieces.
    package init(
        status: Int, isHead: Bool, isHTTP10: Bool, size: Int, isLast: Bool, declaredLength: Int?
    ) {
        switch (status, isHead, isLast) {
        case (204, _, _): self = .none(contentLength: nil)
        // Without content, and said so, as a client may wait for it otherwise (RFC 9110, 15.3.6).
        case (205, _, _): self = .none(contentLength: 0)
        case (304, _, _): self = .none(contentLength: declaredLength)
        case (_, true, _): self = .none(contentLength: isLast && size > 0 ? size : declaredLength)
        case (_, false, true): self = .length(size)
        case (_, false, false):
            if let declaredLength { self = .length(declaredLength) } else { self = isHTTP10 ? .untilClose : .chunked }
        }
    }

    package var hasContent: Bool {
        if case .none = self { return false }
        return true
    }
}
