/// What holds requests that workers are asked about until each is answered, whatever the version of HTTP: a connection
/// of HTTP/1.1 holds several in a row, one that may become a WebSocket the request for that.
///
/// A request is known by the number of its reply channel. Its holder asks
/// (``ServerCore/send(_:_:_:from:number:route:marks:)``), is answered in pieces, holds the reply channel back where its
/// client is slow (``ServerCore/pause(_:)``), and breaks off (``ServerCore/abandon(_:_:)``).
protocol ExchangeHolder: AnyObject {
    /// Passes on one message of a worker's answer.
    ///
    /// - Returns: whether the request was still under way.
    func receive(_ answer: Result<Answer, AnswerFault>, for number: UInt64) -> Bool

    /// Ends a request that was not taken, or not answered in time, if it is still under way.
    func fail(_ number: UInt64, _ error: ErrorAnswer)

    /// Whether nothing of the answer to a request that is under way has come yet.
    func isUnanswered(_ number: UInt64) -> Bool

    /// Tells the client that its request has become a WebSocket, and hands over what carries it (W7).
    func becomeWebSocket(
        _ number: UInt64, _ acceptance: WebSocketAcceptance, _ answer: Answer, _ peer: WebSocketPeer)
}

/// One connection, as far as the server watches it and ends it.
protocol ServerConnection: AnyObject {
    /// What it does for its client.
    var use: ConnectionUse { get }

    /// Who is at its other end.
    var addresses: ConnectionAddresses { get }

    /// Ends at once, since another is to have its place (I34).
    func giveWay()

    /// Looks for what has waited too long.
    func sweep(at now: Moment)

    /// Ends when nothing is under way any more (I25).
    func drain()

    /// Ends at once; workers whose answers are not whole are told why.
    func abort(_ ending: RequestEnd)
}
