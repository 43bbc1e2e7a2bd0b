/// A name of a channel of `NOTIFY`, as PostgreSQL takes it.
package enum PostgresName {
    /// Bytes of a name (`NAMEDATALEN` less one). `LISTEN` would cut off what is longer without a word, and listen to
    /// another channel.
    package static let longest = 63

    /// What is wrong with it; nil when nothing is.
    package static func fault(in name: String) -> String? {
        let count = name.utf8.count
        guard (1...Self.longest).contains(count) else {
            return "a channel's name has 1 to \(Self.longest) bytes, this one has \(count)"
        }
        return name.utf8.contains(0) ? "a channel's name has no NUL" : nil
    }
}
