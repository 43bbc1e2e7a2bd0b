package import SeawayMessage
package import SeawayWorker
import Synchronization

/// What the other three workers of `make demo` do beside posting, for a demo that has none of them: it accepts the
/// sockets, shows newcomers what was posted, tells how many read, and does the heavy work.
package final class LiveBlog: Sendable {
    private static let group = "liveblog"
    /// A member of the group, so that everything that readers see is seen here too.
    private static let history = "liveblog.history"
    /// Told who joins and leaves the group.
    private static let readers = "liveblog.readers"
    /// Posts that newcomers are shown.
    private static let longest = 200

    private struct State {
        var posts: [String] = []
        var readers: Set<String> = []
    }

    private let layer: any ChannelLayer
    private let state = Mutex(State())

    package init(of layer: some ChannelLayer) { self.layer = layer }

    package func serve(on worker: Worker) {
        worker.onWebSocket(
            connect: { socket, _ in
                try await socket.join(Self.group)
                // Behind whatever was posted before, which waits there to be read.
                try await self.layer.channel(Self.history).send(["reader": .string(socket.channel)])
                return .accept()
            },
            // Readers post over HTTP.
            receive: { _, _ in })
        worker.on(Self.history) { message in try await self.remember(message) }
        worker.on(Self.readers) { message in try await self.count(message) }
        worker.on("bigdata.process", Primes.work)
    }

    /// To be called when the worker listens: what is posted from now on is kept.
    package func open() async throws {
        try await self.layer.join(Self.group, [Self.history])
        try await self.layer.watch(Self.group, on: Self.readers)
    }

    private func remember(_ message: IncomingMessage) async throws {
        if message.group == Self.group {
            guard let text = message["text"]?.string, !text.hasPrefix("{") else { return }
            self.state.withLock { state in
                state.posts.append(text)
                state.posts.removeFirst(max(0, state.posts.count - Self.longest))
            }
        } else if let reader = message["reader"]?.string {
            let state = self.state.withLock { $0 }
            try await self.tell(reader, ["history": .list(state.posts.map { .string($0) })])
            try await self.tell(reader, ["readers": .int(Int64(state.readers.count))])
        }
    }

    private func count(_ message: IncomingMessage) async throws {
        guard let news = GroupNews(try message.message()) else { return }
        let count = self.state.withLock { state in
            switch news.content {
            case .whole(let members, _): state.readers = Set(members.filter(Self.isReader))
            case .change(let joined, let left):
                state.readers.formUnion(joined.filter(Self.isReader))
                state.readers.subtract(left)
            }
            return state.readers.count
        }
        try await Self.tell(self.layer, ["readers": .int(Int64(count))])
    }

    private static func isReader(_ channel: String) -> Bool { channel.hasPrefix("websocket.send.") }

    /// One reader, who may have left.
    private func tell(_ channel: String, _ event: Message) async throws {
        do throws(ClientError) {
            try await self.layer.channel(channel).send(["text": .string(event.json)])
        } catch {
            guard error.code == .gone else { throw error }
        }
    }

    /// Everybody.
    static func tell(_ layer: any ChannelLayer, _ event: Message) async throws {
        try await layer.group(Self.group).send(["text": .string(event.json)])
    }
}
