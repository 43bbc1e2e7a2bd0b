/// What happens to the connection of a ``WireLayer``, for whoever has several of them.
enum WireNews {
    /// The broker has answered `HELLO`, with these of its words.
    case greeted(name: String?, warm: Int)
    /// Requests can be written; what is listened on was said again.
    case connected
    /// The broker has said `BYE`.
    case leaving
    /// There is no connection any more, or none was made.
    case disconnected
    case joined(String, [String])
    case left(String, [String])
}
