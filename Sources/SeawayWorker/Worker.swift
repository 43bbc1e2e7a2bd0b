public import Logging
public import SeawayMessage
public import ServiceLifecycle
import Synchronization

/// Takes messages from channels and gives each to the consumer for its channel.
///
/// ```swift
/// let worker = Worker(layer: layer)
/// worker.on("http.request", path: "/moon") { request in .text("hello from \(request.path)\n") }
/// try await worker.run()
/// ```
///
/// At most `concurrency` consumers run at a time, since no more credit is granted. What a consumer throws is logged and, where
/// somebody waits on a reply channel, answered with a 500.
public final class Worker: Service {
    private let layer: any ChannelLayer
    private let concurrency: Int
    private let logger: Logger
    private let consumers = Mutex(Consumers())

    /// - Parameters:
    ///   - layer: a connected or connecting layer; it stays the caller's to shut down, after ``run()``.
    ///   - concurrency: 1 to 65,536 consumers at a time.
    public init(layer: any ChannelLayer, concurrency: Int = 64, logger: Logger = Logger(label: "seaway.worker")) {
        self.layer = layer
        self.concurrency = min(max(1, concurrency), 65_536)
        self.logger = logger
    }

    /// Consumes the messages of a channel, or of a mailbox (a name that ends in `!`); a second consumer replaces the first.
    public func on(_ channel: String, _ consumer: @escaping @Sendable (IncomingMessage) async throws -> Void) {
        self.consumers.withLock { $0.add(channel, consumer) }
    }

    /// Answers the HTTP requests of a channel whose method and path fit; the first route that does wins.
    ///
    /// - Parameters:
    ///   - method: any when `nil`; `GET` answers `HEAD` too.
    ///   - path: `/users/{id}` names a segment, `/files/*` takes all that follow.
    public func on(
        _ channel: String, method: String? = nil, path: String,
        _ handler: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
    ) {
        let route = Consumers.Route(method: method, pattern: PathPattern(path), handler: handler)
        self.consumers.withLock { $0.add(channel, route) }
    }

    /// Works until the task is cancelled or the service is asked to shut down: then takes no more, finishes, and returns.
    ///
    /// - Throws: ``WorkerError`` with `notListening` when the broker refuses the channels or another reader has taken one.
    public func run() async throws {
        let consumers = self.consumers.withLock { $0 }
        let queue = WorkQueue()
        let failure = Mutex<WorkerError?>(nil)
        let listening = self.layer.listen(to: consumers.channels, receive: queue.put) { event in
            switch event {
            case .started, .interrupted: return
            case .lost(let name): failure.withLock { $0 = WorkerError(.notListening, name: name) }
            case .refused(let refusal):
                let names = consumers.channels.joined(separator: " ")
                failure.withLock { $0 = WorkerError(.notListening, name: names, refusal: refusal) }
            }
            queue.finish()
        }
        listening.ready(self.concurrency)
        await withTaskCancellationOrGracefulShutdownHandler {
            await self.work(queue, consumers, listening)
        } onCancelOrGracefulShutdown: {
            listening.stop { queue.finish() }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func work(_ queue: WorkQueue, _ consumers: Consumers, _ listening: any Listening) async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<self.concurrency {
                group.addTask {
                    while let delivery = await queue.next() {
                        await self.consume(delivery, consumers)
                        listening.ready(1)
                    }
                }
            }
        }
    }

    private func consume(_ delivery: Delivery, _ consumers: Consumers) async {
        for channel in delivery.channels {
            let incoming = IncomingMessage(delivery, channel: channel, layer: self.layer)
            do {
                try await consumers.run(incoming)
            } catch let error as WorkerError where error.refusal?.isGone == true {
                self.logger.debug("nobody waits for the answer any more", metadata: ["channel": "\(channel)"])
            } catch {
                self.logger.error("a consumer failed", metadata: ["channel": "\(channel)", "error": "\(error)"])
                await self.answerFailure(of: incoming)
            }
        }
    }

    private func answerFailure(of incoming: IncomingMessage) async {
        guard incoming.replyChannel != nil else { return }
        do {
            try await incoming.respond(.text("Internal Server Error\n", status: 500))
        } catch {
            self.logger.debug("the failure could not be told", metadata: ["error": "\(error)"])
        }
    }
}
