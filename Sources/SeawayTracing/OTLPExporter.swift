import AsyncHTTPClient
public import Logging
import NIOCore
import NIOHTTP1
public import SeawayLog
public import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Sends spans to a collector by OTLP over HTTP, in JSON, many at once and behind what the process does.
///
/// Nobody waits for it. What finds no room, and what the collector does not take, is dropped and counted; the log says
/// so, a line a minute at most. To be run as a service; what waits when that is asked to leave is sent within
/// ``OTLPConfiguration/lastTimeout``.
public final class OTLPExporter: Service, SpanSink {
    private struct State {
        var queue: SpanQueue
        /// Tells that there are enough for a request.
        var wake: AsyncStream<Void>.Continuation?
        var lastSaid: ContinuousClock.Instant?
    }

    private let configuration: OTLPConfiguration
    private let document: OTLPDocument
    private let logger: Logger
    private let state: Mutex<State>

    public init(_ configuration: OTLPConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        var resource: [FinishedSpan.Attribute] = [
            .init("service.name", .text(configuration.service)), .init("process.pid", .integer(Int64(getpid()))),
            .init("telemetry.sdk.name", .text("seaway")), .init("telemetry.sdk.language", .text("swift")),
        ]
        for (name, value) in configuration.resource { resource.append(.init(name, .text(value))) }
        self.document = OTLPDocument(resource: resource)
        self.state = Mutex(State(queue: SpanQueue(limit: configuration.maxWaiting, batch: configuration.batch)))
    }

    /// What became of spans.
    package var counts: SpanQueue.Counts { self.state.withLock(\.queue.counts) }

    package func take(_ span: FinishedSpan) {
        let wake = self.state.withLock { state in state.queue.add(span) ? state.wake : nil }
        wake?.yield()
    }

    public func run() async throws {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.state.withLock { $0.wake = wake }
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.timeout.connect = .init(self.configuration.timeout)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask {
                    while (try? await Task.sleep(for: self.configuration.interval)) != nil { wake.yield() }
                    wake.finish()
                }
                for await _ in wakes { await self.sendAll(client, within: self.configuration.timeout) }
            }
        }
        // A task of its own, since this one may be cancelled.
        await Task { await self.sendLast(client) }.value
        self.dropRest()
        // What cannot be closed is closed already.
        try? await client.shutdown()
    }

    private func sendLast(_ client: HTTPClient) async {
        let last = self.configuration.lastTimeout
        await withTaskGroup { group in
            group.addTask { await self.sendAll(client, within: last) }
            group.addTask { _ = try? await Task.sleep(for: last) }
            await group.next()
            group.cancelAll()
        }
    }

    private func sendAll(_ client: HTTPClient, within timeout: Duration) async {
        while true {
            let spans = self.state.withLock { $0.queue.take() }
            guard !spans.isEmpty else { return }
            let failure = await self.send(spans, client, within: timeout)
            self.state.withLock { state in
                if failure == nil { state.queue.wereSent(spans.count) } else { state.queue.failed(spans.count) }
            }
            // The next would meet the same; the time until then is a pause.
            if let failure { return self.say(failure) }
        }
    }

    /// - Returns: why they were not taken.
    private func send(_ spans: [FinishedSpan], _ client: HTTPClient, within timeout: Duration) async -> String? {
        var request = HTTPClientRequest(url: self.configuration.url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "seaway")
        request.body = .bytes(ByteBuffer(string: self.document.body(of: spans)))
        do {
            let answer = try await client.execute(request, timeout: .init(timeout))
            _ = try? await answer.body.collect(upTo: 65_536)
            return (200..<300).contains(answer.status.code) ? nil : "it answers \(answer.status.code)"
        } catch {
            return (error as? HTTPClientError)?.shortDescription.lowercased() ?? "\(error)"
        }
    }

    private func say(_ failure: String) {
        let now = ContinuousClock.now
        let isQuiet = self.state.withLock { state in
            if let last = state.lastSaid, now < last + .seconds(60) { return true }
            state.lastSaid = now
            return false
        }
        self.logger.log(
            level: isQuiet ? .debug : .warning, "spans were dropped: the collector does not take them",
            metadata: ["endpoint": "\(self.configuration.url)", "why": "\(failure)"])
    }

    private func dropRest() {
        self.state.withLock { state in
            state.wake = nil
            while case let rest = state.queue.take(), !rest.isEmpty { state.queue.failed(rest.count) }
        }
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        self = .nanoseconds(
            duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
    }
}
