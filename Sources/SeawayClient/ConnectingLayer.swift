public import SeawayMessage

/// A layer over connections that it makes, and makes again, by itself.
public protocol ConnectingLayer: ChannelLayer {
    /// Begins to connect, and goes on until ``shutdown()``.
    func start()

    /// Stops listening, waits for the answers that are on their way, and leaves with `QUIT`.
    func shutdown() async

    /// Why it has given up: its broker, or the last of its brokers, does not want it (`auth`, `version` …).
    var refusal: Refusal? { get }

    /// Runs tasks where the connection is read and written, so that no message changes threads.
    ///
    /// ```swift
    /// try await withTaskExecutorPreference(layer.executor) { try await worker.runService() }
    /// ```
    ///
    /// For consumers that compute little and never block their thread: nothing is read or written meanwhile. One that
    /// waits with `await` is in nobody's way.
    var executor: any TaskExecutor { get }
}
