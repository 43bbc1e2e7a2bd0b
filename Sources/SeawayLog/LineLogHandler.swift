public import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Hands on what is logged with everything in it made one line of text (``LogText``), so that nobody who is named in a
/// log can forge lines of it or talk to the operator's terminal.
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
        guard !(self.handler is LineLogHandler || self.handler is JSONLogHandler) else { return self }
        var logger = Logger(label: self.label) { _ in LineLogHandler(self.handler) }
        logger.logLevel = self.logLevel
        return logger
    }

    /// A logger of lines on standard error whatever ``LoggingSystem`` says: for programs.
    ///
    /// Nobody who logs waits for whoever reads them (``StandardErrorLog``).
    public static func standardError(label: String, level: Level = .info, format: LogFormat = .text) -> Logger {
        var logger = Logger(label: label) { format.handler(label: $0) { StandardErrorLog.writer.write($0) } }
        logger.logLevel = level
        return logger
    }
}

/// What becomes of lines that are logged by ``Logging/Logger/standardError(label:level:)``: all of the process share
/// it.
///
/// They are written on a thread of its own. Where nobody reads them, those that find no room are dropped and counted,
/// and a line says how many once there is room. A process that ends waits for what is not written, a second at most.
public enum StandardErrorLog {
    /// Bytes of lines that may wait unless ``limit(to:)`` says otherwise.
    public static let usualLimit = 1 << 20

    static let writer: LineWriter = {
        atexit { StandardErrorLog.flush(within: .seconds(1)) }
        return LineWriter(descriptor: 2, limit: Self.usualLimit)
    }()

    /// Lines that nobody will read, since the process began.
    public static var dropped: Int { self.writer.dropped }

    /// Sets how many bytes of lines may wait.
    public static func limit(to bytes: Int) { self.writer.limit(to: bytes) }

    /// Sets in which format a line says how many were dropped.
    public static func tell(in format: LogFormat) { self.writer.tell(in: format) }

    /// Writes a line of another log, such as one for each request, behind those before it.
    ///
    /// - Parameter line: without its end, and with nothing in it that could forge another.
    package static func write(_ line: String) { self.writer.write(line + "\n") }

    /// Waits until what was logged before is written, but only so long.
    public static func flush(within patience: Duration) { self.writer.flush(within: patience) }
}
