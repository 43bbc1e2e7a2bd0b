import SeawayWorker

/// One file of the demo's page; its bytes are part of the program.
struct PageFile: Sendable {
    let path: String
    let type: String
    let content: [UInt8]

    static let all = [
        PageFile(path: "/", type: "text/html", content: PackageResources.page_html),
        PageFile(path: "/page.css", type: "text/css", content: PackageResources.page_css),
        PageFile(path: "/page.js", type: "text/javascript", content: PackageResources.page_js),
        PageFile(path: "/icon.svg", type: "image/svg+xml", content: PackageResources.icon_svg),
    ]

    var response: HTTPResponse {
        let headers = [("content-type", "\(self.type); charset=utf-8"), ("cache-control", "no-cache")]
        return HTTPResponse(headers: headers, content: self.content)
    }
}
