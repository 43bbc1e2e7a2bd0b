import Logging

/// What a command that goes on tells about its brokers, in lines of its own kind: `seaway: connected again:
/// 127.0.0.1:7411`.
struct ConsoleLog: LogHandler {
    var logLevel = Logger.Level.notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = ["broker", "reason"].compactMap { event.metadata?[$0] }.map { ": \($0)" }
        Process.say("seaway: \(event.message)\(values.joined())")
    }

    static var logger: Logger { Logger(label: "seaway.client") { _ in ConsoleLog() } }
}
