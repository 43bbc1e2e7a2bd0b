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
/// Nobody waits for it. What the collector does not take for now is sent again for a while (``OTLPRetry``), and what
/// has come meanwhile waits behind it; what finds no room, or is refused, is dropped and counted. The log says so, a
/// line a minute at most. To be run as a service; what waits when that is asked to leave is sent within
/// ``OTLPConfiguration/lastTimeout``.
public final class OTLPExporter: Service, SpanSink {
    private struct State {
        var queue: SpanQueue
        /// Tells that there are enough for a request.
        var wake: AsyncStream<Void>.Continuation?
        /// By what the log says.
        var warnings: [String: WarningPace<ContinuousClock.Instant>] = [:]
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
        // That is done here, with pauses and a log line.
        settings.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask {
                    while (try? await Task.sleep(for: self.configuration.interval)) != nil { wake.yield() }
                    wake.finish()
                }
                for await _ in wakes {
                    await self.sendAll(client, within: self.configuration.timeout, patience: self.configuration.retry)
                }
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
            group.addTask { await self.sendAll(client, within: last, patience: .zero) }
            group.addTask { _ = try? await Task.sleep(for: last) }
            await group.next()
            group.cancelAll()
        }
    }

    /// - Parameter patience: how long the same spans are sent again.
    private func sendAll(_ client: HTTPClient, within timeout: Duration, patience: Duration) async {
        while true {
            let spans = self.state.withLock { $0.queue.take() }
            guard !spans.isEmpty else { return }
            // The next would meet the same; the time until then is a pause.
            guard await self.sendSurely(spans, client, within: timeout, patience) else { return }
        }
    }

    /// - Returns: whether the collector has taken them.
    private func sendSurely(
        _ spans: [FinishedSpan], _ client: HTTPClient, within timeout: Duration, _ patience: Duration
    ) async -> Bool {
        var retry = OTLPRetry(patience: patience)
        let began = ContinuousClock.now
        while let failure = await self.send(spans, client, within: timeout) {
            let pause = retry.pause(
                after: failure, elapsed: ContinuousClock.now - began, jitter: .random(in: 0...1))
            // Told to leave it sends them with all others that wait.
            if Task.isCancelled, patience > .zero {
                self.state.withLock { $0.queue.putBack(spans) }
                return false
            }
            guard let pause else {
                self.state.withLock { $0.queue.failed(spans.count) }
                self.say("spans were dropped: the collector does not take them", failure)
                return false
            }
            self.say("the collector does not take spans: they are sent again", failure)
            guard (try? await Task.sleep(for: pause)) != nil else {
                self.state.withLock { $0.queue.putBack(spans) }
                return false
            }
            self.state.withLock { $0.queue.willRetry() }
        }
        self.state.withLock { $0.queue.wereSent(spans.count) }
        return true
    }

    /// - Returns: why they were not taken.
    private func send(
        _ spans: [FinishedSpan], _ client: HTTPClient, within timeout: Duration
    ) async -> OTLPRetry.Failure? {
        var request = HTTPClientRequest(url: self.configuration.url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "seaway")
        request.body = .bytes(ByteBuffer(string: self.document.body(of: spans)))
        do {
            let answer = try await client.execute(request, timeout: .init(timeout))
            _ = try? await answer.body.collect(upTo: 65_536)
            guard !(200..<300).contains(answer.status.code) else { return nil }
            let seconds = answer.headers.first(name: "retry-after").flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
            // Beyond a day it is no number to count with.
            return .answered(status: Int(answer.status.code), retryAfter: seconds.map { min($0, 86_400) })
        } catch {
            return .unanswered((error as? HTTPClientError)?.shortDescription.lowercased() ?? "\(error)")
        }
    }

    /// Each text a line a minute at most.
    private func say(_ text: String, _ failure: OTLPRetry.Failure) {
        let level = self.state.withLock {
            $0.warnings[text, default: WarningPace(pause: .seconds(60))].level(at: .now)
        }
        self.logger.log(
            level: level, "\(text)",
            metadata: ["endpoint": "\(self.configuration.url)", "why": "\(failure.text)"])
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
