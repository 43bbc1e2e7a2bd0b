public import Logging
import Synchronization

/// The least important level that programs log, which may change while they run.
public enum SharedLevel {
    private static let index = Atomic<Int>(Logger.Level.allCases.firstIndex(of: .info) ?? 0)

    /// Of all loggers with a ``SharedLevelLogHandler``.
    public static var level: Logger.Level {
        get { Logger.Level.allCases[self.index.load(ordering: .relaxed)] }
        set { self.index.store(Logger.Level.allCases.firstIndex(of: newValue) ?? 0, ordering: .relaxed) }
    }
}

/// Hands on what is logged at the level that all share, or at a higher one of its own.
public struct SharedLevelLogHandler: LogHandler {
    private var inner: any LogHandler
    private var own = Logger.Level.trace

    /// - Parameter inner: whose level is not asked.
    public init(_ inner: any LogHandler) { self.inner = inner }

    public var logLevel: Logger.Level {
        get { max(self.own, SharedLevel.level) }
        set { self.own = newValue }
    }

    public var metadata: Logger.Metadata {
        get { self.inner.metadata }
        set { self.inner.metadata = newValue }
    }

    public var metadataProvider: Logger.MetadataProvider? {
        get { self.inner.metadataProvider }
        set { self.inner.metadataProvider = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.inner[metadataKey: key] }
        set { self.inner[metadataKey: key] = newValue }
    }

    public func log(event: LogEvent) { self.inner.log(event: event) }
}
