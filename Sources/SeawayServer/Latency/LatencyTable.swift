import NIOCore
package import NIOHTTP1

/// How long the requests of one event loop took, by route, method and class of status (protocol/INTERFACE.md, I81).
///
/// Counted in plain arrays that grow by a row for each combination that comes, up to ``mostRows``: what comes beyond is
/// counted with the label `other` for all three.
package struct LatencyTable: Hashable, Sendable {
    /// Where a request went, as a label.
    package enum Place: Hashable, Sendable {
        case route(RequestRoute)
        /// The server's own files.
        case files
        /// A request to become a WebSocket, until a worker has decided.
        case webSocket
    }

    /// Combinations of labels.
    package static let mostRows = 256
    /// Routes with a label of their own.
    package static let mostRoutes = 32

    private struct Labels: Hashable {
        let place: Int
        let method: Int
        let status: Int
    }

    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"]
    /// By hundreds of the status; the first is that of requests whose answer never began.
    private static let statuses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx", "other"]
    /// In nanoseconds.
    private static let bounds = Self.boundsInSeconds.map { Int64($0 * 1e9) }
    package static let boundsInSeconds = [
        0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    private static let buckets = Self.bounds.count + 1

    private var places = ["other", "files", "websocket"]
    private var routes: [String: Int] = [:]
    /// The only channel that requests go to has this place, and needs no look-up.
    private let onlyRoute: Int?

    /// The row of each combination that has one.
    private var rows: [Int32]
    private var labels: [Labels] = []
    private var first = Series()
    private var total = Series()
    /// By place alone.
    private var worked = Series()
    private var queued = Series()

    /// - Parameter routes: those of the server.
    package init(_ routes: Routes<RequestRoute> = Routes()) {
        var channels = [RequestRoute.fallback.channel]
        for route in routes.targets where !channels.contains(route.channel) { channels.append(route.channel) }
        for channel in channels.prefix(Self.mostRoutes) {
            self.routes[channel] = self.places.firstIndex(of: channel) ?? self.places.count
            if !self.places.contains(channel) { self.places.append(channel) }
        }
        self.onlyRoute = channels.count == 1 ? self.routes[channels[0]] : nil
        for _ in self.places {
            self.worked.addRow()
            self.queued.addRow()
        }
        self.rows = Array(repeating: -1, count: self.places.count * Self.methods.count * Self.statuses.count)
    }

    /// Counts a request whose answer has ended, whole or not.
    ///
    /// - Parameters:
    ///   - status: 0 where no answer has begun.
    ///   - took: microseconds for which the worker had it, where that has told; what of the time to the first message
    ///     is left was spent in a queue, or on the way.
    package mutating func record(
        _ place: Place, _ method: HTTPMethod, status: Int, _ times: RequestTimes, took: Int64? = nil
    ) {
        let index = self.index(of: place)
        let row = self.row(Labels(place: index, method: Self.index(of: method), status: Self.index(ofStatus: status)))
        if let took, let first = times.firstByte?.nanoseconds {
            // Who has told more than there was has told nothing.
            let worked = min(took, first / 1_000) * 1_000
            self.worked.observe(worked, in: index)
            self.queued.observe(first - worked, in: index)
        }
        if let first = times.firstByte { self.first.observe(first.nanoseconds, in: row) }
        self.total.observe(times.total.nanoseconds, in: row)
    }

    private func index(of place: Place) -> Int {
        switch place {
        case .route(let route): self.onlyRoute ?? self.routes[route.channel] ?? 0
        case .files: 1
        case .webSocket: 2
        }
    }

    private static func index(of method: HTTPMethod) -> Int {
        switch method {
        case .GET: 0
        case .HEAD: 1
        case .POST: 2
        case .PUT: 3
        case .PATCH: 4
        case .DELETE: 5
        case .OPTIONS: 6
        default: 7
        }
    }

    private static func index(ofStatus status: Int) -> Int {
        status == 0 ? 0 : (100...599).contains(status) ? status / 100 : Self.statuses.count - 1
    }

    private mutating func row(_ labels: Labels) -> Int {
        let place = (labels.place * Self.methods.count + labels.method) * Self.statuses.count + labels.status
        let row = Int(self.rows[place])
        guard row < 0 else { return row }
        // The last is for all that come now.
        if self.labels.count == Self.mostRows - 1 {
            self.append(Labels(place: 0, method: Self.methods.count - 1, status: Self.statuses.count - 1))
        } else if self.labels.count < Self.mostRows {
            self.append(labels)
        }
        self.rows[place] = Int32(self.labels.count - 1)
        return self.labels.count - 1
    }

    private mutating func append(_ labels: Labels) {
        self.labels.append(labels)
        self.first.addRow()
        self.total.addRow()
    }

    package var metrics: [Metric] {
        [
            self.metric(
                "seaway_http_request_duration_seconds",
                "Time from a request that has come whole to the end of its answer.", self.total),
            self.metric(
                "seaway_http_first_byte_seconds",
                "Time from a request that has come whole to the first message of its answer.", self.first),
            self.metric(
                "seaway_http_worker_seconds", "Time for which workers that tell it had a request.", byPlace: self.worked
            ),
            self.metric(
                "seaway_http_queue_seconds", "Time for which such a request waited for them, or was on its way.",
                byPlace: self.queued),
        ]
    }

    /// Of those places that have any.
    private func metric(_ name: String, _ help: String, byPlace series: Series) -> Metric {
        Metric(
            name, help, .histogram,
            self.places.indices.filter { !series.isEmpty($0) }.map { place in
                Metric.Sample(.histogram(series.histogram(place)), [Metric.Label("route", self.places[place])])
            })
    }

    private func metric(_ name: String, _ help: String, _ series: Series) -> Metric {
        Metric(
            name, help, .histogram,
            self.labels.indices.map { row in
                let labels = self.labels[row]
                return Metric.Sample(
                    .histogram(series.histogram(row)),
                    [
                        Metric.Label("route", self.places[labels.place]),
                        Metric.Label("method", Self.methods[labels.method]),
                        Metric.Label("status", Self.statuses[labels.status]),
                    ])
            })
    }

    /// One histogram for each row, all in one array.
    private struct Series: Hashable {
        private var counts: [Int] = []
        /// Nanoseconds; they suffice for 292 years.
        private var sums: [Int64] = []

        mutating func addRow() {
            self.counts += Array(repeating: 0, count: LatencyTable.buckets)
            self.sums.append(0)
        }

        mutating func observe(_ nanoseconds: Int64, in row: Int) {
            var bucket = 0
            while bucket < LatencyTable.bounds.count, nanoseconds > LatencyTable.bounds[bucket] { bucket += 1 }
            self.counts[row * LatencyTable.buckets + bucket] += 1
            self.sums[row] &+= nanoseconds
        }

        func isEmpty(_ row: Int) -> Bool {
            let start = row * LatencyTable.buckets
            return self.counts[start..<(start + LatencyTable.buckets)].allSatisfy { $0 == 0 }
        }

        func histogram(_ row: Int) -> Histogram {
            let start = row * LatencyTable.buckets
            return Histogram(
                bounds: LatencyTable.boundsInSeconds,
                counts: Array(self.counts[start..<(start + LatencyTable.buckets)]), sum: Double(self.sums[row]) / 1e9)
        }
    }
}
