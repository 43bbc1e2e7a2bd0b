import CSeaway
import Foundation
import SeawayConsole

extension HostFacts {
    /// Those of this machine; what cannot be read is left out.
    static var ofThisMachine: HostFacts {
        var facts = HostFacts()
        let descriptors = cseaway_most_descriptors()
        facts.descriptors = descriptors >= 0 ? descriptors : nil
        facts.backlog = self.number("/proc/sys/net/core/somaxconn")
        let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let limit = self.groupLimits.min() ?? .max
        facts.memory = min(memory, limit)
        facts.isMemoryLimited = limit < memory
        let kept = cseaway_clock_is_kept()
        facts.isClockKept = kept < 0 ? nil : kept == 1
        facts.seconds = Int(Date().timeIntervalSince1970)
        return facts
    }

    /// Of the control groups that this process is in, version 2 and 1.
    private static var groupLimits: [Int] {
        var paths = ["/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"]
        let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        for line in groups.split(separator: "\n") where line.hasPrefix("0::/") {
            var group = String(line.dropFirst(3))
            while group.count > 1 {
                paths.append("/sys/fs/cgroup\(group)/memory.max")
                group = (group as NSString).deletingLastPathComponent
            }
        }
        return paths.compactMap(self.number)
    }

    private static func number(_ path: String) -> Int? {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}
