/// What a stream of HTTP/2 must know of its request until the answer is whole.
struct HTTP2Exchange {
    var asked: AskedRequest
    var stream = AnswerStream()
    /// When the server stops waiting for the next message; `nil` while it waits for something else.
    var deadline: Moment?
    /// Of the answer, once its first message came.
    var framing = BodyFraming.length(0)
    /// The reply channel is held back (I19).
    var isPaused = false

    init(_ asked: AskedRequest, deadline: Moment?) {
        self.asked = asked
        self.deadline = deadline
    }
}
