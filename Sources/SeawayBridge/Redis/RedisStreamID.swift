/// The id of an entry of a stream: `MILLISECONDS` or `MILLISECONDS-NUMBER`.
package enum RedisStreamID {
    /// Whether Redis would read from behind it. `$` is left out: it would mean another entry at each question.
    package static func isLegal(_ id: String) -> Bool {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { part in part.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt64(part) != nil }
    }
}
