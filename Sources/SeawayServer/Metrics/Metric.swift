/// One family of figures, with its samples.
package struct Metric: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Only grows, from 0 at the server's start.
        case counter
        case gauge
    }

    package struct Sample: Hashable, Sendable {
        /// The value of the label, such as `reason`; `nil` where a family has one sample only.
        package var reason: String?
        package var value: Int
    }

    /// Such as `seaway_http_requests_total`
    package let name: String
    package let help: String
    package let kind: Kind
    /// The name of the samples' label.
    package let label: String
    package private(set) var samples: [Sample]

    package init(_ name: String, _ help: String, _ value: Int, _ kind: Kind = .counter) {
        self.name = name
        self.help = help
        self.kind = kind
        self.label = "reason"
        self.samples = [Sample(value: value)]
    }

    init(_ name: String, _ help: String, by reasons: KeyValuePairs<String, Int>) {
        self.init(name, help, by: Array(reasons))
    }

    package init(
        _ name: String, _ help: String, by reasons: [(key: String, value: Int)], _ kind: Kind = .counter,
        label: String = "reason"
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.label = label
        self.samples = reasons.map { Sample(reason: $0.key, value: $0.value) }
    }
}

extension Metric {
    /// Adds what another has counted of the same.
    fileprivate mutating func add(_ other: Metric) {
        for (index, sample) in zip(self.samples.indices, other.samples) { self.samples[index].value += sample.value }
    }
}

extension [Metric] {
    /// What several have counted, all by the same names in the same order.
    package init(sumOf all: [[Metric]]) {
        var sum = all.first ?? []
        for other in all.dropFirst() {
            for (index, metric) in Swift.zip(sum.indices, other) { sum[index].add(metric) }
        }
        self = sum
    }

    /// The Prometheus text format, version 0.0.4.
    package var text: String {
        self.map { metric in
            let samples = metric.samples.map { sample in
                "\(metric.name)\(sample.reason.map { "{\(metric.label)=\"\($0)\"}" } ?? "") \(sample.value)\n"
            }
            return "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
                + samples.joined()
        }.joined()
    }
}
