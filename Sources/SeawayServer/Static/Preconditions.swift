/// The conditions of a request, and whether they hold (RFC 9110, 13).
package struct Preconditions: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        case goOn
        /// 304
        case notModified
        /// 412
        case failed
    }

    package var match: EntityTagList?
    package var noneMatch: EntityTagList?
    /// Dates as seconds since 1970; `nil` without the field, and where it is no date.
    package var modifiedSince: Int?
    package var unmodifiedSince: Int?
    /// The value of `If-Range`.
    package var range: String?

    package init() {}

    /// - Parameters:
    ///   - values: those of all fields of a name in lower case.
    ///   - now: seconds since 1970.
    package init(now: Int, _ values: (String) -> [String]) {
        func date(_ name: String) -> Int? {
            let dates = values(name)
            return dates.count == 1 ? HTTPDateReading.seconds(dates[0], now: now) : nil
        }
        let (match, noneMatch, range) = (values("if-match"), values("if-none-match"), values("if-range"))
        self.match = match.isEmpty ? nil : EntityTagList(match)
        self.noneMatch = noneMatch.isEmpty ? nil : EntityTagList(noneMatch)
        self.modifiedSince = date("if-modified-since")
        self.unmodifiedSince = date("if-unmodified-since")
        self.range = range.count == 1 ? range[0] : nil
    }

    /// In the order of RFC 9110, 13.2.2, for `GET` and `HEAD`.
    ///
    /// - Parameters:
    ///   - tag: of what would be sent.
    ///   - lastModified: of that, in seconds since 1970.
    package func verdict(tag: EntityTag, lastModified: Int) -> Verdict {
        switch self.match {
        case .any: break
        case .tags(let tags): if !tags.contains(where: { $0.matchesStrongly(tag) }) { return .failed }
        case nil: if let limit = self.unmodifiedSince, lastModified > limit { return .failed }
        }
        switch self.noneMatch {
        case .any: return .notModified
        case .tags(let tags): return tags.contains { $0.matchesWeakly(tag) } ? .notModified : .goOn
        case nil: return self.modifiedSince.map { lastModified <= $0 } ?? false ? .notModified : .goOn
        }
    }

    /// Whether a range of what the client has a part of is of use to it (RFC 9110, 13.1.5).
    ///
    /// - Parameter now: seconds since 1970: a date tells two states apart only when the second is over.
    package func allowsRange(tag: EntityTag, lastModified: Int, now: Int) -> Bool {
        guard let range = self.range else { return true }
        if let theirs = EntityTag(range) { return theirs.matchesStrongly(tag) }
        return HTTPDateReading.seconds(range, now: now) == lastModified && lastModified < now
    }
}
