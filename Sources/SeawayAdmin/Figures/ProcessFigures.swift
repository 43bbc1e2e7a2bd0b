package import SeawayServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system says of this process; what it does not say is `nil`.
package struct ProcessFigures: Hashable, Sendable {
    package var cpuSeconds: Double?
    package var residentBytes: Int?
    package var virtualBytes: Int?
    package var threads: Int?
    package var openDescriptors: Int?
    package var mostDescriptors: Int?
    /// Seconds since 1970.
    package var startTime: Double?

    package init() {}

    /// Looks; with many descriptors it takes milliseconds, so not on a loop that others need.
    package static func now() -> ProcessFigures {
        var figures = ProcessFigures()
        figures.mostDescriptors = Self.descriptorLimit
        #if os(Linux)
            if let text = Self.text(of: "/proc/self/stat") { figures.take(stat: text) }
            if let text = Self.text(of: "/proc/stat") { figures.take(boot: text) }
            figures.openDescriptors = Self.descriptorCount
        #endif
        if figures.cpuSeconds == nil { figures.cpuSeconds = Self.usedSeconds }
        return figures
    }

    /// `proc(5)`: behind the name, which may hold anything and ends with the last `)`, fields 3 and following.
    package mutating func take(stat text: String, ticks: Double = Self.ticks, page: Int = Self.page) {
        guard let end = text.lastIndex(of: ")") else { return }
        let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]) else { return }
        self.cpuSeconds = (user + system) / ticks
        self.threads = Int(fields[17])
        // Behind the start of the system, which ``take(boot:)`` adds.
        self.startTime = Double(fields[19]).map { $0 / ticks }
        self.virtualBytes = Int(fields[20])
        self.residentBytes = Int(fields[21]).map { $0 * page }
    }

    /// When the system was started.
    package mutating func take(boot text: String) {
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard let boot = line.flatMap({ Double($0.dropFirst(6)) }), let start = self.startTime else { return }
        self.startTime = boot + start
    }

    package static var ticks: Double { Double(max(1, sysconf(CInt(_SC_CLK_TCK)))) }
    package static var page: Int { max(1, sysconf(CInt(_SC_PAGESIZE))) }

    private static var usedSeconds: Double? {
        var usage = rusage()
        #if canImport(Glibc)
            let who = RUSAGE_SELF.rawValue
        #else
            let who = CInt(0)
        #endif
        guard getrusage(who, &usage) == 0 else { return nil }
        let seconds = Double(usage.ru_utime.tv_sec) + Double(usage.ru_stime.tv_sec)
        return seconds + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000_000
    }

    private static var descriptorLimit: Int? {
        var limit = rlimit()
        #if canImport(Glibc)
            let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let kind = RLIMIT_NOFILE
        #endif
        guard getrlimit(kind, &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    private static var descriptorCount: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the folder itself.
        return max(0, count - 3)
    }

    /// Of what the kernel makes when it is read: nothing waits for a disk.
    private static func text(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < 1 << 20 {
            let count = fread(&piece, 1, piece.count, file)
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ProcessFigures {
    /// By the names that Prometheus has for every process.
    package var metrics: [Metric] {
        var metrics: [Metric] = []
        func add(_ name: String, _ help: String, _ kind: Metric.Kind, _ value: Metric.Value?) {
            if let value { metrics.append(Metric(name, help, kind, [Metric.Sample(value)])) }
        }
        add(
            "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", .counter,
            self.cpuSeconds.map { .decimal($0) })
        add(
            "process_resident_memory_bytes", "Resident memory size in bytes.", .gauge,
            self.residentBytes.map { .integer($0) })
        add(
            "process_virtual_memory_bytes", "Virtual memory size in bytes.", .gauge,
            self.virtualBytes.map { .integer($0) })
        add("process_threads", "Number of OS threads.", .gauge, self.threads.map { .integer($0) })
        add(
            "process_open_fds", "Number of open file descriptors.", .gauge,
            self.openDescriptors.map { .integer($0) })
        add(
            "process_max_fds", "Maximum number of open file descriptors.", .gauge,
            self.mostDescriptors.map { .integer($0) })
        add(
            "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", .gauge,
            self.startTime.map { .decimal($0) })
        return metrics
    }
}
