import SeawayWorker

/// One file of the demo's page; its bytes are part of the program.
struct PageFile: Sendable {
    let path: String
    let type: String
    let content: [UInt8]

    /// - Parameters:
    ///   - broker: the address that the page shows, for what is typed by hand.
    ///   - workers: those that have a button.
    static func all(broker: String, workers: [String]) -> [PageFile] {
        let page = String(decoding: PackageResources.page_html, as: UTF8.self)
            .replacing("{{host}}", with: broker.split(separator: ":").dropLast().joined(separator: ":"))
            .replacing("{{workers}}", with: workers.joined(separator: " "))
            .replacing("{{port}}", with: broker.split(separator: ":").last ?? "")
        return [
            PageFile(path: "/", type: "text/html", content: Array(page.utf8)),
            PageFile(path: "/page.css", type: "text/css", content: PackageResources.page_css),
            PageFile(path: "/page.js", type: "text/javascript", content: PackageResources.page_js),
            PageFile(path: "/feed.js", type: "text/javascript", content: PackageResources.feed_js),
            PageFile(path: "/icon.svg", type: "image/svg+xml", content: PackageResources.icon_svg),
        ]
    }

    var response: HTTPResponse {
        let headers = [("content-type", "\(self.type); charset=utf-8"), ("cache-control", "no-cache")]
        return HTTPResponse(headers: headers, content: self.content)
    }
}
