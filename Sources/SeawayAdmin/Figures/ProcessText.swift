import NIOHTTP1
import SeawayMessage
import SeawayServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ProcessFigures {
    /// Seconds since 1970.
    var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec / 1_000_000) / 1_000
    }

    /// What stands in the snapshot of the process.
    ///
    /// - Parameter uptime: in seconds.
    func message(of site: AdminSite, uptime: Double) -> Message {
        func number(_ value: Int?) -> Value { value.map { .int(Int64($0)) } ?? .null }
        return [
            "kind": .string(site.kind.rawValue), "version": .string(site.version), "commit": .string(site.commit),
            "uptime": .double(uptime), "cpu": self.cpuSeconds.map { .double($0) } ?? .null,
            "rss": number(self.residentBytes), "threads": number(self.threads), "fds": number(self.openDescriptors),
            "max_fds": number(self.mostDescriptors),
        ]
    }
}

extension AdminAnswer {
    static func metrics(_ metrics: [Metric]) -> AdminAnswer {
        AdminAnswer(.ok, type: "text/plain; version=0.0.4; charset=utf-8", body: Array(metrics.text.utf8))
    }
}
