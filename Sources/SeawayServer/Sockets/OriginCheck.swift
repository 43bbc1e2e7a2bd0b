/// Which sites' pages may open WebSockets (protocol/INTERFACE.md, W22).
package struct OriginCheck: Hashable, Sendable {
    private var rules: [OriginRule] = []

    /// Allows every site.
    package init() {}

    /// - Throws: for the first that is no ``OriginRule``.
    package init(_ texts: [String]) throws(OriginError) {
        for text in texts { self.rules.append(try OriginRule(text)) }
    }

    /// - Parameter origins: the values of the request's `Origin`; none of what is not a browser.
    package func allows(_ origins: [String]) -> Bool {
        guard !self.rules.isEmpty, let first = origins.first else { return true }
        guard origins.count == 1, let origin = WebOrigin(first) else { return false }
        return self.rules.contains { $0.matches(origin) }
    }
}
