package import NIOCore
package import NIOHTTP1
import SeawayNIO

/// Puts the parts of one request together and decides, part by part, whether it goes on.
package struct RequestIntake {
    package enum Event {
        case none
        /// The head is good, and its client waits to be told so (I23).
        case clientWaitsToSend
        /// Nothing more is taken after this.
        case refuse(ErrorAnswer, isHead: Bool)
        case request(HTTPRequestHead, RequestCheck.Head, body: ByteBuffer?)
        /// The head is good, and the body comes in pieces: its beginning, if that is here (I9).
        case begins(HTTPRequestHead, RequestCheck.Head, first: ByteBuffer?)
        case piece(ByteBuffer)
        /// The body that came in pieces is whole.
        case ends(staysOpen: Bool)
    }

    private enum State {
        case betweenRequests
        case receiving(HTTPRequestHead, RequestCheck.Head)
        /// A body in pieces, of which so many bytes have come.
        case passingOn(HTTPRequestHead, RequestCheck.Head, Int)
        /// What comes is dropped.
        case stopped
    }

    private var state = State.betweenRequests
    private let check: RequestCheck
    private let isHTTP2: Bool
    /// Beside the state, so that it has one owner and grows in place.
    private var body: ByteBuffer?

    /// The largest body that is kept until it is whole.
    private let maxInline: Int

    package init(check: RequestCheck, maxInline: Int, isHTTP2: Bool = false) {
        self.check = check
        self.maxInline = maxInline
        self.isHTTP2 = isHTTP2
    }

    package var isBetweenRequests: Bool {
        if case .betweenRequests = self.state { return true }
        return false
    }

    package var isStopped: Bool {
        if case .stopped = self.state { return true }
        return false
    }

    /// Bytes of the body that are to come, where its head has said how many it has.
    package var bodyLeft: Int? {
        switch self.state {
        case .receiving(_, let checked): checked.fields.contentLength.map { $0 - self.bodySize }
        case .passingOn(_, let checked, let count): checked.fields.contentLength.map { $0 - count }
        case .betweenRequests, .stopped: nil
        }
    }

    /// Bytes of a body that are kept here.
    package var bodySize: Int { self.body?.readableBytes ?? 0 }

    /// Takes nothing more.
    package mutating func stop() {
        self.state = .stopped
        self.body = nil
    }

    package mutating func take(_ part: HTTPServerRequestPart) -> Event {
        switch (part, self.state) {
        case (.head(let head), .betweenRequests): return self.begin(head)
        case (.body(let piece), .receiving(let head, let checked)): return self.take(piece, head, checked)
        case (.body(let piece), .passingOn(let head, let checked, let count)):
            guard piece.readableBytes <= self.check.maxBody - count else { return self.refuse(.bodyTooLarge, head) }
            self.state = .passingOn(head, checked, count + piece.readableBytes)
            return .piece(piece)
        case (.end, .passingOn(_, let checked, _)):
            self.state = checked.staysOpen ? .betweenRequests : .stopped
            return .ends(staysOpen: checked.staysOpen)
        case (.end, .receiving(let head, let checked)):
            self.state = checked.staysOpen ? .betweenRequests : .stopped
            return .request(head, checked, body: self.body.take())
        case (.head, .receiving), (.head, .passingOn), (.body, .betweenRequests), (.end, .betweenRequests),
            (_, .stopped):
            return .none
        }
    }

    private mutating func begin(_ head: HTTPRequestHead) -> Event {
        var head = head
        // Before its fields are made anew: this is what the parser itself has read.
        let parserGoesOn = head.isKeepAlive
        var fields = RequestFields(head.headers)
        if fields.hasUntrimmed {
            head.headers.trimValues()
            fields = RequestFields(head.headers)
        }
        let verdict = self.check.verdict(
            method: head.method.name, target: head.uri, isHTTP10: !self.isHTTP2 && head.version.minor == 0,
            parserGoesOn: parserGoesOn,
            fields: fields
        )
        switch verdict {
        case .refuse(let error): return self.refuse(error, head)
        case .accept(var checked):
            checked.isHTTP2 = self.isHTTP2
            guard checked.fields.contentLength ?? 0 <= self.maxInline else {
                self.state = .passingOn(head, checked, 0)
                return .begins(head, checked, first: nil)
            }
            self.state = .receiving(head, checked)
            return checked.fields.expectsContinue && !checked.isHTTP10 ? .clientWaitsToSend : .none
        }
    }

    private mutating func take(
        _ piece: ByteBuffer, _ head: HTTPRequestHead, _ checked: RequestCheck.Head
    ) -> Event {
        guard piece.readableBytes <= self.check.maxBody - self.bodySize else { return self.refuse(.bodyTooLarge, head) }
        self.body.setOrWriteImmutableBuffer(piece)
        guard self.bodySize > self.maxInline else { return .none }
        self.state = .passingOn(head, checked, self.bodySize)
        return .begins(head, checked, first: self.body.take())
    }

    private mutating func refuse(_ error: ErrorAnswer, _ head: HTTPRequestHead) -> Event {
        self.stop()
        return .refuse(error, isHead: head.method == .HEAD)
    }
}
