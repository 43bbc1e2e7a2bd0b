/// What a broker of this version can do beyond the first, as `HELLO` names it (H2).
package enum WireFeatures {
    /// In the order of the alphabet.
    package static let names = [
        "ack", "bounds", "delay", "end", "groups", "mailboxes", "once", "pause", "report", "tail", "watch",
    ]
}
