public import Logging

/// Writes what is logged as JSON objects, one in each line: `time` (RFC 3339, UTC), `level`, `logger`, `message`, and
/// the metadata beside them.
///
/// Metadata with one of these four names gets a `_` behind it. A text is cut behind ``LogText/longest`` bytes.
public struct JSONLogHandler: LogHandler {
    public var logLevel = Logger.Level.info
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let line: @Sendable (String) -> Void

    private static let ownNames: Set<String> = ["time", "level", "logger", "message"]

    /// - Parameters:
    ///   - label: the logger's name.
    ///   - write: gets each line, with its end.
    public init(label: String, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.line = write
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var event = event
        var line = JSONLine()
        line.add("time", LogTime.now().rfc3339)
        line.add("level", event.level.rawValue)
        line.add("logger", self.label)
        line.add("message", event.message.description)
        var all = self.metadata
        if let provided = self.metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error.take() { all["error"] = "\(error)" }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            line.add(Self.ownNames.contains(name) ? name + "_" : name, json: Self.json(value))
        }
        self.line(line.object + "\n")
    }

    private static func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): return JSONLine.quoted(text)
        case .stringConvertible(let other): return JSONLine.quoted(other.description)
        case .array(let list): return "[" + list.map(Self.json).joined(separator: ",") + "]"
        case .dictionary(let map):
            var object = JSONLine()
            for (name, value) in map.sorted(by: { $0.key < $1.key }) { object.add(name, json: Self.json(value)) }
            return object.object
        }
    }
}
