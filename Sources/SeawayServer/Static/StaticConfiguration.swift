/// Which files an interface server sends by itself, and how (protocol/INTERFACE.md, section 14).
package struct StaticConfiguration: Sendable {
    package var routes = Routes<StaticFolder>()
    /// What `Cache-Control` says; none when `nil`.
    package var cacheTime: Duration?
    /// What is no file goes to the workers instead of being answered with 404.
    package var fallsThrough = false
    /// Files that may be open at once.
    package var maxFiles = 1_024

    package init() {}

    package var isEnabled: Bool { !self.routes.isEmpty }
}

/// The folder that a route's files are in.
package struct StaticFolder: RouteTarget {
    /// As the system takes it.
    package let path: String

    package static let fallback = StaticFolder(path: "")
    package static let form = "FOLDER"
    package static let rule = "a folder has a path without NUL"
    package static let option: String? = nil
    package static let beginsAtFirstSeparator = true

    private init(path: String) { self.path = path }

    package init?(_ text: String, like other: StaticFolder) {
        guard !text.isEmpty, !text.utf8.contains(0) else { return nil }
        self.path = text
    }
}
