extension [Metric] {
    /// The Prometheus text format, version 0.0.4.
    package var text: String {
        var text = ""
        for metric in self { metric.write(to: &text) }
        return text
    }
}

extension Metric {
    fileprivate func write(to text: inout String) {
        text += "# HELP \(self.name) \(Self.escaped(self.help, quotes: false))\n"
        text += "# TYPE \(self.name) \(self.kind.rawValue)\n"
        for sample in self.samples { self.write(sample, to: &text) }
    }

    private func write(_ sample: Sample, to text: inout String) {
        let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
        let braced = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
        switch sample.value {
        case .integer(let value): text += "\(self.name)\(braced) \(value)\n"
        case .decimal(let value): text += "\(self.name)\(braced) \(value)\n"
        case .histogram(let histogram):
            let bounds = histogram.bounds.map { "\($0)" } + ["+Inf"]
            for (bound, count) in zip(bounds, histogram.cumulative) {
                let all = (labels + ["le=\"\(bound)\""]).joined(separator: ",")
                text += "\(self.name)_bucket{\(all)} \(count)\n"
            }
            text += "\(self.name)_sum\(braced) \(histogram.sum)\n\(self.name)_count\(braced) \(histogram.count)\n"
        }
    }

    /// What would end a line, or a quoted string, is written with a backslash.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || (quotes && $0 == 0x22) }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
