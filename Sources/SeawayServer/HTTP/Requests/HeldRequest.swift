/// What the holder of a request must know of it, beside what the server remembers.
struct HeldRequest: Sendable {
    var asked: AskedRequest
    let isHTTP10: Bool
    /// Whether the connection may stay open after the answer; of HTTP/1.1 and 1.0.
    var staysOpen: Bool
    /// Of the answer, once its first message came.
    var framing = BodyFraming.length(0)

    init(_ asked: AskedRequest, _ checked: RequestCheck.Head) {
        self.asked = asked
        self.isHTTP10 = checked.isHTTP10
        self.staysOpen = checked.staysOpen
    }

    /// One of which nothing is known but that it was refused.
    init(refused asked: AskedRequest) {
        self.asked = asked
        self.isHTTP10 = false
        self.staysOpen = false
    }
}
