#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether a listener that cannot take a connection pauses, and when that is said.
///
/// Without a pause it would try again at once, for ever: the connection stays where it was.
package struct AcceptTrouble: Sendable {
    /// How long nothing is accepted, in milliseconds.
    package static let pause = 1_000
    /// So long after the last failure the trouble is over, in milliseconds.
    package static let quiet = 10_000

    private var lastFailure: Int?
    /// Since the trouble began.
    private var failures = 0

    package init() {}

    /// Whether the system has run out of something. That a peer has hung up meanwhile, say, is no reason to pause.
    package static func isShortage(_ number: CInt) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number) }

    /// What there is too little of, and what an operator can do about it.
    package static func advice(_ number: CInt) -> String {
        switch number {
        case EMFILE: "this process may open no more descriptors: raise ulimit -n (LimitNOFILE= in a unit)"
        case ENFILE: "this machine may open no more descriptors: raise fs.file-max"
        default: "the system has no memory for another connection"
        }
    }

    /// - Returns: whether it is to be said: once, until the trouble is over.
    package mutating func failed(at now: Int) -> Bool {
        defer { self.lastFailure = now }
        self.failures += 1
        return self.lastFailure == nil
    }

    /// - Returns: how often accepting has failed, if the trouble is over with this connection.
    package mutating func accepted(at now: Int) -> Int? {
        guard let last = self.lastFailure, now - last >= Self.quiet else { return nil }
        defer { self = AcceptTrouble() }
        return self.failures
    }
}
