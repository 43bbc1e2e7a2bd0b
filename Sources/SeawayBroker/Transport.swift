package import NIOCore

/// What carries a connection's bytes.
package protocol Transport: AnyObject {
    /// Hands bytes over, nearly always in one piece; at most one such hand-over is unfinished at a time.
    func write(_ parts: [ByteBuffer], _ last: ByteBuffer)
    /// Whether the next bytes would leave soon; cheaper to ask than ``unsent``.
    var takesMore: Bool { get }
    /// Bytes handed over that the peer's side has not taken.
    var unsent: Int { get }
    /// Ends our side of the stream behind all that was written; called once.
    func endOutput()
    /// Drops the connection.
    func close()
    func setReading(_ isReading: Bool)
    /// Where the peer is, without its port; the same word for all of a Unix socket.
    var host: String { get }
    /// The same with its port, for people; `nil` where that is not known.
    var address: String? { get }
}

extension Transport {
    package var address: String? { nil }
}
