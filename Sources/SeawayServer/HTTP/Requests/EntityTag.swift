/// An entity tag (RFC 9110, 8.8.3).
package struct EntityTag: Hashable, Sendable {
    package var isWeak: Bool
    /// With its quotes.
    package var opaque: String

    package init(isWeak: Bool = false, opaque: String) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    package func matchesStrongly(_ other: EntityTag) -> Bool {
        !self.isWeak && !other.isWeak && self.opaque == other.opaque
    }

    package func matchesWeakly(_ other: EntityTag) -> Bool { self.opaque == other.opaque }
}

/// The value of `If-Match` or `If-None-Match`.
package enum EntityTagList: Hashable, Sendable {
    /// `*`: whatever there is.
    case any
    /// What was no tag is left out.
    case tags([EntityTag])

    /// - Parameter values: of all fields of the name.
    package init(_ values: some Sequence<String>) {
        var tags: [EntityTag] = []
        for value in values {
            var unread = value.utf8[...]
            while !unread.isEmpty {
                unread = unread.drop { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                if unread.first == UInt8(ascii: "*") {
                    self = .any
                    return
                }
                let tag = EntityTag(takingFrom: &unread)
                let rest = unread.prefix { $0 != UInt8(ascii: ",") }
                unread = unread[rest.endIndex...]
                // What stands behind a tag makes it none.
                if let tag, rest.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
                    tags.append(tag)
                }
            }
        }
        self = .tags(tags)
    }
}

extension EntityTag {
    /// The whole of a value.
    package init?(_ value: String) {
        var unread = value.utf8[...]
        self.init(takingFrom: &unread)
        guard unread.isEmpty else { return nil }
    }

    /// The tag with which the bytes begin; if they begin with none, nothing is taken.
    fileprivate init?(takingFrom unread: inout Substring.UTF8View) {
        let isWeak = unread.starts(with: "W/".utf8)
        let quoted = isWeak ? unread.dropFirst(2) : unread
        guard quoted.first == UInt8(ascii: "\""),
            let end = quoted.dropFirst().firstIndex(of: UInt8(ascii: "\""))
        else { return nil }
        self.init(isWeak: isWeak, opaque: String(Substring(quoted[...end])))
        unread = quoted[quoted.index(after: end)...]
    }
}
