import SeawayClient
import SeawayMessage
import Synchronization
import UnixSignals

/// Looks on until there is enough, the time is up, or a signal asks to stop.
struct Tailing {
    fileprivate enum Happening: Sendable {
        case event(TailEvent)
        /// The time for the first connection is up.
        case late
    }

    /// Copies that may wait to be printed; those beyond are missing.
    private static let room = 1_024

    /// One to each broker: what one of them copies no other has.
    let layers: [WireLayer]
    let patterns: [String]
    /// How long the first connection may take, and what is told when it takes longer.
    let timeout: Duration
    let late: Refusal
    let options: ReadingOptions

    /// - Parameter show: called with everything that happens, in order.
    /// - Returns: how many copies there were.
    func run(_ show: (TailEvent) throws -> Void) async throws -> Int {
        let (happenings, happen) = AsyncStream.makeStream(
            of: Happening.self, bufferingPolicy: .bufferingOldest(Self.room))
        let inbox = TailInbox(happen)
        // First, so that whoever sees that it looks on may ask it to stop.
        let signals = await Process.catchSignals()
        for layer in self.layers { layer.tail(self.patterns) { inbox.put($0) } }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                for await _ in signals { happen.finish() }
            }
            group.addTask { await Hangups.outlive { happen.finish() } }
            group.addTask { [timeout = self.timeout] in
                try await Task.sleep(for: timeout)
                happen.yield(.late)
            }
            if let duration = self.options.duration?.duration {
                group.addTask {
                    try await Task.sleep(for: duration)
                    happen.finish()
                }
            }
            return try await self.follow(happenings, inbox, show)
        }
    }

    private func follow(
        _ happenings: AsyncStream<Happening>, _ inbox: TailInbox, _ show: (TailEvent) throws -> Void
    ) async throws -> Int {
        var hasBegun = false
        var copies = 0
        for await happening in happenings {
            guard case .event(let event) = happening else {
                guard hasBegun else { throw ClientError(self.late, name: self.patterns[0]) }
                continue
            }
            try show(event)
            inbox.printed(event)
            switch event {
            case .copy: copies += 1
            case .started: hasBegun = true
            case .refused(let refusal): throw ClientError(refusal, name: self.patterns[0])
            case .missed, .interrupted: break
            }
            if copies == self.options.count { break }
        }
        return copies
    }
}

/// Where copies wait to be printed: those that find no room are counted, and told once half of the others are printed.
private final class TailInbox: Sendable {
    /// Bytes of copies that may wait; one may always.
    private static let mostBytes = 8 << 20

    private struct State {
        var missed = 0
        var bytes = 0
    }

    private let happen: AsyncStream<Tailing.Happening>.Continuation
    private let state = Mutex(State())

    init(_ happen: AsyncStream<Tailing.Happening>.Continuation) { self.happen = happen }

    func put(_ event: TailEvent) {
        self.state.withLock { state in
            let hasRoom = state.bytes == 0 || state.bytes + event.size <= Self.mostBytes
            if hasRoom, state.missed == 0, self.hand(on: event) {
                state.bytes += event.size
            } else {
                state.missed += event.copies
            }
        }
    }

    /// One of those that wait was printed.
    func printed(_ event: TailEvent) {
        self.state.withLock { state in
            state.bytes -= event.size
            guard state.missed > 0, state.bytes <= Self.mostBytes / 2 else { return }
            if self.hand(on: .missed(state.missed)) { state.missed = 0 }
        }
    }

    /// - Returns: false when there was no room.
    private func hand(on event: TailEvent) -> Bool {
        if case .dropped = self.happen.yield(.event(event)) { false } else { true }
    }
}

extension TailEvent {
    fileprivate var size: Int { if case .copy(let copy) = self { copy.body.count } else { 0 } }

    /// How many are missing when it is lost.
    fileprivate var copies: Int {
        switch self {
        case .copy(let copy): copy.channels.count
        case .missed(let count): count
        case .started, .interrupted, .refused: 0
        }
    }
}
