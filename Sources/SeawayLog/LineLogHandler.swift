public import Logging

/// Hands on what is logged with everything in it made one line of text (``LogText``), so that nobody who is named in a log can
/// forge lines of it or talk to the operator's terminal.
public struct LineLogHandler: LogHandler {
    private var inner: any LogHandler

    /// - Parameter inner: what writes the lines.
    public init(_ inner: any LogHandler) { self.inner = inner }

    public var logLevel: Logger.Level {
        get { self.inner.logLevel }
        set { self.inner.logLevel = newValue }
    }

    public var metadata: Logger.Metadata {
        get { self.inner.metadata }
        set { self.inner.metadata = Self.escaped(newValue) }
    }

    public var metadataProvider: Logger.MetadataProvider? {
        get { self.inner.metadataProvider }
        set { self.inner.metadataProvider = newValue.map { provider in .init { Self.escaped(provider.get()) } } }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.inner[metadataKey: key] }
        set { self.inner[metadataKey: LogText.escaped(key)] = newValue.map(Self.escaped) }
    }

    public func log(event: LogEvent) {
        var event = event
        event.message = .init(stringLiteral: LogText.escaped(event.message.description))
        event.metadata = event.metadata.map(Self.escaped)
        if let error = event.error.take() {
            event.metadata = (event.metadata ?? [:]).merging(["error": Self.escaped("\(error)")]) { $1 }
        }
        self.inner.log(event: event)
    }

    private static func escaped(_ metadata: Logger.Metadata) -> Logger.Metadata {
        var safe: Logger.Metadata = [:]
        for (key, value) in metadata { safe[LogText.escaped(key)] = Self.escaped(value) }
        return safe
    }

    private static func escaped(_ value: Logger.MetadataValue) -> Logger.MetadataValue {
        switch value {
        case .string(let text): .string(LogText.escaped(text))
        case .stringConvertible(let other): .string(LogText.escaped(other.description))
        case .dictionary(let map): .dictionary(Self.escaped(map))
        case .array(let list): .array(list.map(Self.escaped))
        }
    }
}

extension Logger {
    /// The same logger, with lines that cannot be forged by what stands in them.
    public var byLines: Logger {
        guard !(self.handler is LineLogHandler) else { return self }
        var logger = Logger(label: self.label) { _ in LineLogHandler(self.handler) }
        logger.logLevel = self.logLevel
        return logger
    }

    /// A logger of lines on standard error whatever ``LoggingSystem`` says: for programs.
    public static func standardError(label: String, level: Level = .info) -> Logger {
        var logger = Logger(label: label) { LineLogHandler(StreamLogHandler.standardError(label: $0)) }
        logger.logLevel = level
        return logger
    }
}
