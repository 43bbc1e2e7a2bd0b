/// One family of figures, with its samples.
package struct Metric: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Only grows, from 0 at the process's start.
        case counter
        case gauge
        case histogram
    }

    package enum Value: Hashable, Sendable {
        case integer(Int)
        case decimal(Double)
        case histogram(Histogram)

        /// `nil` where it is no whole number.
        package var integer: Int? {
            if case .integer(let value) = self { value } else { nil }
        }

        package var histogram: Histogram? {
            if case .histogram(let value) = self { value } else { nil }
        }

        mutating func add(_ other: Value) {
            switch (self, other) {
            case (.integer(let one), .integer(let two)): self = .integer(one + two)
            case (.decimal(let one), .decimal(let two)): self = .decimal(one + two)
            case (.histogram(var one), .histogram(let two)):
                one.add(two)
                self = .histogram(one)
            default: preconditionFailure("figures of one name are of one kind")
            }
        }
    }

    package struct Label: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package struct Sample: Hashable, Sendable {
        /// What tells it from the others of its family; none where there is one only.
        package let labels: [Label]
        package fileprivate(set) var value: Value

        package init(_ value: Value, _ labels: [Label] = []) {
            self.labels = labels
            self.value = value
        }

        /// The value of its first label.
        package var reason: String? { self.labels.first?.value }
    }

    /// Such as `seaway_http_requests_total`
    package let name: String
    package let help: String
    package let kind: Kind
    package private(set) var samples: [Sample]

    /// - Parameter samples: each with labels of its own, of which there is a bounded number.
    package init(_ name: String, _ help: String, _ kind: Kind, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    package init(_ name: String, _ help: String, _ value: Int, _ kind: Kind = .counter) {
        self.init(name, help, kind, [Sample(.integer(value))])
    }

    init(_ name: String, _ help: String, by reasons: KeyValuePairs<String, Int>) {
        self.init(name, help, by: Array(reasons))
    }

    package init(
        _ name: String, _ help: String, by reasons: [(key: String, value: Int)], _ kind: Kind = .counter,
        label: String = "reason"
    ) {
        self.init(name, help, kind, reasons.map { Sample(.integer($0.value), [Label(label, $0.key)]) })
    }
}

extension Metric {
    /// Adds what another has counted of the same; what it alone has is added behind.
    fileprivate mutating func add(_ other: Metric) {
        for (index, sample) in other.samples.enumerated() {
            let isInPlace = index < self.samples.count && self.samples[index].labels == sample.labels
            let place = isInPlace ? index : self.samples.firstIndex { $0.labels == sample.labels }
            if let place { self.samples[place].value.add(sample.value) } else { self.samples.append(sample) }
        }
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
}
