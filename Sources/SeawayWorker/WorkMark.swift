import SeawayMessage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the first message of an answer says of who has made it (INTERFACE.md, I83).
struct WorkMark: Hashable, Sendable {
    let worker: String
    /// Microseconds for which it had the request.
    let took: Int

    static let fields = 2

    func write(to writer: inout MessagePackWriter) {
        writer.string("worker" as StaticString)
        writer.string(self.worker)
        writer.string("took" as StaticString)
        writer.int(self.took)
    }

    /// `HOST:PID`, at most 64 bytes of visible ASCII.
    static let processName: String = {
        var bytes = [CChar](repeating: 0, count: 256)
        let host = gethostname(&bytes, bytes.count - 1) == 0 ? Self.text(bytes) : ""
        return "\(host.isEmpty ? "worker" : String(host.prefix(48))):\(getpid())"
    }()

    private static func text(_ bytes: [CChar]) -> String {
        let visible = bytes.prefix { $0 > 0x20 && $0 < 0x7F }
        return String(decoding: visible.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Since when a request is worked on.
struct WorkTime: Sendable {
    let worker: String
    let began: Duration
    let elapsed: @Sendable () -> Duration

    var mark: WorkMark {
        let time = (self.elapsed() - self.began).components
        return WorkMark(
            worker: self.worker, took: Int(time.seconds * 1_000_000 + time.attoseconds / 1_000_000_000_000))
    }
}
