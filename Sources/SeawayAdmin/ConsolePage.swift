import NIOHTTP1

/// The files of the page at `/`, which are part of the program.
package struct ConsolePage: Hashable, Sendable {
    package let path: String
    package let type: String
    package let bytes: [UInt8]

    package static let all = [
        ConsolePage(path: "/", type: "text/html; charset=utf-8", bytes: PackageResources.console_html),
        ConsolePage(path: "/console.css", type: "text/css; charset=utf-8", bytes: PackageResources.console_css),
        ConsolePage(
            path: "/console.js", type: "text/javascript; charset=utf-8", bytes: PackageResources.console_js),
        ConsolePage(path: "/icon.svg", type: "image/svg+xml", bytes: PackageResources.icon_svg),
    ]
}

extension ConsolePage {
    static func answer(_ path: String) -> AdminAnswer {
        guard let page = self.all.first(where: { $0.path == path }) else {
            preconditionFailure("a route leads to a page that is there")
        }
        return AdminAnswer(.ok, type: page.type, body: page.bytes)
    }
}
