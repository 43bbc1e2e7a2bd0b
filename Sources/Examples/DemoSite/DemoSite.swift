package import SeawayMessage
package import SeawayWorker

/// What somebody has written.
private struct Post {
    let title: String
}

/// The page of the live blog, posts to `/swift` and `/any`, and the way to the heavy work.
package struct DemoSite: Sendable {
    private let files: [PageFile]

    /// - Parameters:
    ///   - broker: its address, which the page shows for what is typed by hand.
    ///   - workers: who can post; the page has a button for each.
    package init(broker: String, workers: [String] = ["Swift", "Python", "Go", "Shell", "Any"]) {
        self.files = PageFile.all(broker: broker, workers: workers)
    }

    package func serve(on worker: Worker, of layer: some ChannelLayer) {
        for file in self.files {
            worker.on("http.request", method: "GET", path: file.path) { _ in file.response }
        }
        for (channel, path) in [("http.request.swift", "/swift"), ("http.request.any", "/any")] {
            worker.on(channel, method: "GET", path: path) { _ in .text("hello from Swift\n") }
            worker.on(channel, method: "POST", path: path) { request in
                let post = Post(title: "Swift: \(try await request.text())")
                try await layer.group("liveblog").send(["text": .string(post.title)])
                return .text("posted by Swift\n")
            }
        }
        worker.on("http.request.bigdata", at: "/bigdata", Self.passOn)
    }

    /// Gives heavy work to whoever listens for it, with the request's own reply channel: the answer takes no way back.
    private static func passOn(_ message: IncomingMessage) async throws {
        let fields = FormFields(String(decoding: message["body"]?.bytes ?? [], as: UTF8.self))
        guard let limit = fields["limit"].flatMap({ Int($0) }), (1...50_000_000).contains(limit) else {
            return try await message.reply(["status": 422, "content": "limit is a number from 1 to 50000000\n"])
        }
        let work: Message = ["limit": .int(Int64(limit)), "job": .string(fields["job"] ?? "")]
        try await message.handOn(work, to: "bigdata.process")
    }
}
