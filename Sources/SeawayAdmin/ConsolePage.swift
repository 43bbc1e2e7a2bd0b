import NIOHTTP1

/// The files of the page at `/`, which are part of the program.
package struct ConsolePage: Hashable, Sendable {
    package let path: String
    package let type: String
    package let bytes: [UInt8]

    package static let all = [
        ConsolePage(path: "/", type: "text/html; charset=utf-8", bytes: PackageResources.console_html),
        ConsolePage(path: "/console.css", type: "text/css; charset=utf-8", bytes: PackageResources.console_css),
        ConsolePage(path: "/icon.svg", type: "image/svg+xml", bytes: PackageResources.icon_svg),
        .module("theme", PackageResources.theme_js),
        .module("console", PackageResources.console_js),
        .module("api", PackageResources.api_js),
        .module("rates", PackageResources.rates_js),
        .module("format", PackageResources.format_js),
        .module("model", PackageResources.model_js),
        .module("chart", PackageResources.chart_js),
        .module("table", PackageResources.table_js),
        .module("tiles", PackageResources.tiles_js),
        .module("lists", PackageResources.lists_js),
        .module("sheet", PackageResources.sheet_js),
        .module("tail", PackageResources.tail_js),
        .module("dialogs", PackageResources.dialogs_js),
        .module("dom", PackageResources.dom_js),
        .module("whole", PackageResources.whole_js),
    ]

    /// A module of the page, `/NAME.js`.
    private static func module(_ name: String, _ bytes: [UInt8]) -> ConsolePage {
        ConsolePage(path: "/\(name).js", type: "text/javascript; charset=utf-8", bytes: bytes)
    }
}

extension ConsolePage {
    static func answer(_ path: String) -> AdminAnswer {
        guard let page = self.all.first(where: { $0.path == path }) else {
            preconditionFailure("a route leads to a page that is there")
        }
        return AdminAnswer(.ok, type: page.type, body: page.bytes)
    }
}
