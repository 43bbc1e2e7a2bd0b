import SeawayNIO

/// Decides whether an answer is compressed on its way, by its first message (protocol/INTERFACE.md, O11 to O13).
package struct CompressionRule: Sendable {
    /// What a request says about it.
    package struct Request: Hashable, Sendable {
        package var isHead: Bool
        package var isHTTP10: Bool
        package var takesGzip: Bool
        package var forbidsIdentity: Bool

        package init(isHead: Bool, isHTTP10: Bool, accepted: AcceptedCodings) {
            self.isHead = isHead
            self.isHTTP10 = isHTTP10
            let gzip = accepted.weight(of: .gzip)
            self.takesGzip = gzip > 0 && gzip >= accepted.identityWeight
            self.forbidsIdentity = accepted.forbidsIdentity
        }
    }

    package enum Verdict: Hashable, Sendable {
        /// It is nothing that is ever compressed.
        case leave
        /// Another client might get it compressed: caches are told.
        case vary
        /// 304: what was compressed is still good.
        case revalidate
        case gzip
    }

    private let configuration: CompressionConfiguration

    package init(_ configuration: CompressionConfiguration) { self.configuration = configuration }

    /// - Parameter answer: its first message.
    package func verdict(on answer: Answer, for request: Request) -> Verdict {
        guard answer.mayBeCompressed, let status = answer.piece.status, !self.isForbidden(by: answer) else {
            return .leave
        }
        let takesGzip = request.takesGzip && !request.isHTTP10
        if status == 304 { return takesGzip ? .revalidate : .leave }
        guard (200...299).contains(status), ![204, 205, 206].contains(status),
            let type = answer.values(of: "content-type").first, self.configuration.suits(type)
        else { return .leave }
        switch self.size(of: answer, request) {
        case let size? where size == 0: return .leave
        // Who forbids the identity has it compressed, however small.
        case let size? where size < self.configuration.smallest && !(takesGzip && request.forbidsIdentity):
            return .leave
        // Whether there would be anything to compress nobody has said.
        case nil where request.isHead: return .vary
        default: return takesGzip ? .gzip : .vary
        }
    }

    /// Bytes of content that `GET` gets, where that is known.
    private func size(of answer: Answer, _ request: Request) -> Int? {
        let isWhole = !answer.piece.moreContent
        guard request.isHead else { return isWhole ? answer.piece.size : answer.declaredLength }
        return isWhole && answer.piece.size > 0 ? answer.piece.size : answer.declaredLength
    }

    /// What would not be true any more of the content, or what says that it is not to be changed (RFC 9110, 7.7).
    private func isForbidden(by answer: Answer) -> Bool {
        for name in ["content-encoding", "content-range", "content-md5", "digest", "content-digest", "repr-digest"]
        where answer.hasField(name) { return true }
        return answer.values(of: "cache-control").contains { FieldValue.tokens($0).contains("no-transform") }
    }
}

extension Answer {
    /// The same, telling caches that it may depend on `Accept-Encoding`.
    ///
    /// - Parameter isRevalidated: its tag is that of what is compressed.
    func varied(isRevalidated: Bool = false) -> Answer {
        var answer = self.with(
            content: Array(self.content), moreContent: self.piece.moreContent,
            added: self.variesAlready ? [] : [("vary", "accept-encoding")]
        ) { name, value in isRevalidated && isSameName(name, "etag") ? weak(value) : value }
        answer.keepLength(of: self)
        return answer
    }

    /// The first message of the same answer, compressed.
    func compressed(_ content: [UInt8], moreContent: Bool) -> Answer {
        var added = [("content-encoding", "gzip")]
        if !self.variesAlready { added.append(("vary", "accept-encoding")) }
        return self.with(content: content, moreContent: moreContent, added: added) { name, value in
            // Of what is made anew each time nobody can ask for a part, and its length is another.
            if isSameName(name, "accept-ranges") || isSameName(name, "content-length") { return nil }
            return isSameName(name, "etag") ? weak(value) : value
        }
    }

    private var variesAlready: Bool {
        self.values(of: "vary").contains {
            let names = FieldValue.tokens($0)
            return names.contains("*") || names.contains("accept-encoding")
        }
    }
}

/// Two codings of the same are no more than equivalent (RFC 9110, 8.8.3.3).
private func weak(_ tag: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    tag.first == UInt8(ascii: "\"") ? (Array("W/".utf8) + tag)[...] : tag
}
