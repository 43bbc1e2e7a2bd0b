package import NIOCore
package import NIOHTTP1

/// How far a connection is with a request that is read whole, within bounds, and answered then: one after the other.
package struct WholeRequest<Purpose, Refusal> {
    package enum State {
        case idle
        case reading(Purpose)
        /// Its answer is decided; the rest of the request is thrown away, since a client that still writes would not
        /// see it.
        case refusing(Refusal)
        case answering
        case closed
    }

    /// What became of a piece of its body.
    package enum Room: Hashable, Sendable {
        case taken
        /// It is no body that is waited for.
        case dropped
        /// With it the body has more bytes than it may.
        case tooLarge
        /// With it all bodies together have.
        case full
    }

    package private(set) var state = State.idle
    /// Whether another request may follow.
    package var keepsAlive = false
    /// Of HTTP/1.0, which knows neither chunks nor that the connection stays unless it says so.
    package private(set) var isHTTP10 = false
    /// Its client sends no body before it is told to (100-continue).
    package private(set) var awaitsGo = false
    private var body: [UInt8] = []

    package init() {}

    package var isIdle: Bool { if case .idle = self.state { true } else { false } }

    package var isAnswering: Bool { if case .answering = self.state { true } else { false } }

    /// A head has come.
    ///
    /// - Returns: the same, its values without white space around them.
    package mutating func begin(_ head: HTTPRequestHead) -> HTTPRequestHead {
        // Before its fields are made anew: this is what the parser itself has read.
        let parserGoesOn = head.isKeepAlive
        var head = head
        head.headers.trimValues()
        self.isHTTP10 = head.version.minor == 0
        let options = head.headers.tokens("connection")
        self.keepsAlive =
            parserGoesOn && !options.contains("close") && (!self.isHTTP10 || options.contains("keep-alive"))
        self.awaitsGo = !self.isHTTP10 && head.headers.tokens("expect").contains("100-continue")
        return head
    }

    /// It is one that is done: its body is waited for.
    package mutating func read(_ purpose: Purpose) { self.state = .reading(purpose) }

    /// A piece of its body has come.
    ///
    /// - Parameters:
    ///   - most: bytes of the body.
    ///   - left: bytes for which there is room yet, in all.
    package mutating func add(_ bytes: ByteBuffer, most: Int, left: Int) -> Room {
        guard case .reading = self.state else { return .dropped }
        guard bytes.readableBytes <= most - self.body.count else { return .tooLarge }
        guard bytes.readableBytes <= left else { return .full }
        self.body.append(contentsOf: bytes.readableBytesView)
        return .taken
    }

    /// It is not done.
    ///
    /// - Returns: bytes that are held no more.
    package mutating func refuse(_ refusal: Refusal) -> Int {
        self.state = .refusing(refusal)
        return self.takeBody().count
    }

    /// It has come whole, or no more of it is waited for.
    ///
    /// - Returns: its body, which is held no more.
    package mutating func answer() -> [UInt8] {
        self.state = .answering
        return self.takeBody()
    }

    /// Its answer was written, whether it has come whole or not: another may follow.
    ///
    /// - Returns: bytes that are held no more.
    package mutating func end() -> Int {
        self.state = .idle
        return self.takeBody().count
    }

    /// - Returns: bytes that are held no more.
    package mutating func close() -> Int {
        self.state = .closed
        return self.takeBody().count
    }

    private mutating func takeBody() -> [UInt8] {
        defer { self.body = [] }
        return self.body
    }
}
