import SeawayClient
import SeawayConsole
import SeawayMessage
import UnixSignals

/// Asks brokers, takes keys, and shows pictures, until somebody quits.
struct TopLoop {
    enum Event: Sendable {
        /// No keys: there will be no more.
        case keys([Key])
        case tick
        case resized
        case quit
        case answer(Result<BrokerAnswer, ClientError>, broker: Int)
    }

    /// Events that may wait for the picture before; answers are one for each broker at most.
    private static let mostEvents = 1_024

    private let watchers: [Watcher]
    private let interval: TimeOption
    private var model: TopModel
    private var state: TopState
    /// Brokers that have not answered.
    private var asked: Set<Int> = []
    /// Something else is wanted than what was asked for.
    private var mustAskAgain = false

    init(_ watchers: [Watcher], every interval: TimeOption, _ state: TopState) {
        self.watchers = watchers
        self.interval = interval
        self.model = TopModel(brokers: watchers.map(\.address.description))
        self.state = state
    }

    private func screen(width: Int) -> TopScreen {
        TopScreen(model: self.model, state: self.state, width: width, interval: self.interval.description)
    }

    // MARK: Once

    /// Asks twice, so that there are rates.
    ///
    /// - Returns: one picture, and why brokers are not in it.
    mutating func once(width: Int) async throws -> (lines: [String], missing: [ClientError]) {
        var missing: [ClientError] = []
        for round in 0..<2 {
            missing = []
            for (index, result) in await self.answers.sorted(by: { $0.broker < $1.broker }) {
                self.take(result, of: index)
                if case .failure(let error) = result { missing.append(error) }
            }
            if round == 0 { try await Task.sleep(for: self.interval.duration) }
        }
        return (self.screen(width: width).text, missing)
    }

    private var answers: [(broker: Int, Result<BrokerAnswer, ClientError>)] {
        get async {
            await withTaskGroup { group in
                for (index, watcher) in self.watchers.enumerated() {
                    group.addTask { [state = self.state] in (index, await Self.ask(watcher, state)) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
    }

    // MARK: On a terminal

    /// Goes on until a key or a signal ends it.
    mutating func run() async throws {
        let (events, happen) = AsyncStream.makeStream(
            of: Event.self, bufferingPolicy: .bufferingOldest(Self.mostEvents))
        // First, since a signal that comes before would leave the terminal as it is then.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigwinch)
        guard let terminal = Terminal({ happen.yield(.keys($0)) }) else { return }
        defer { terminal.restore() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { [interval = self.interval.duration] in
                while !Task.isCancelled {
                    happen.yield(.tick)
                    try await Task.sleep(for: interval)
                }
            }
            group.addTask {
                for await signal in signals {
                    switch signal {
                    case .sigwinch: happen.yield(.resized)
                    // Only the end of its terminal ends it: there is nothing to read again.
                    case .sighup where Terminal.isThere: continue
                    default: happen.yield(.quit)
                    }
                }
            }
            try self.show(on: terminal)
            for await event in events {
                guard let wants = self.handle(event) else {
                    terminal.restore()
                    // A broker that hangs would hold up the end, whether it owes an answer or not: that may not have
                    // shown yet. All that brokers lose is a connection that listens on nothing.
                    Terminal.exitAtOnce()
                }
                if wants == .ask { self.askAll(&group, happen) }
                try self.show(on: terminal, clearing: event.clears)
            }
        }
    }

    private func show(on terminal: Terminal, clearing: Bool = true) throws {
        let size = Terminal.size ?? (80, 24)
        try terminal.show(
            self.screen(width: size.width).lines(height: size.height), width: size.width, clearing: clearing)
    }

    /// - Returns: what is to be done; `nil` to quit.
    private mutating func handle(_ event: Event) -> TopState.Effect? {
        switch event {
        case .quit: return nil
        case .tick: return .ask
        case .resized: return .nothing
        case .answer(let result, let broker):
            self.asked.remove(broker)
            if !self.state.isPaused { self.take(result, of: broker) }
            defer { if self.asked.isEmpty { self.mustAskAgain = false } }
            return self.mustAskAgain && self.asked.isEmpty ? .ask : .nothing
        case .keys(let keys): return keys.isEmpty ? nil : self.press(keys)
        }
    }

    private mutating func press(_ keys: [Key]) -> TopState.Effect? {
        let size = Terminal.size ?? (80, 24)
        var asks = false
        for key in keys {
            let page = self.screen(width: size.width).page(height: size.height)
            switch self.state.press(key, table: self.model.table(self.state.list), page: page) {
            case .quit: return nil
            case .ask: asks = true
            case .nothing: break
            }
        }
        if asks { self.mustAskAgain = !self.asked.isEmpty }
        return asks ? .ask : .nothing
    }

    private mutating func take(_ result: Result<BrokerAnswer, ClientError>, of broker: Int) {
        switch result {
        case .success(let answer): self.model.take(answer, of: broker)
        case .failure(let error): self.model.fail(error.refusal?.text ?? error.description, of: broker)
        }
    }

    // MARK: Asking

    /// Asks each broker that owes no answer, so that one that hangs holds up no other.
    private mutating func askAll(
        _ group: inout ThrowingTaskGroup<Void, any Error>, _ happen: AsyncStream<Event>.Continuation
    ) {
        for (index, watcher) in self.watchers.enumerated() where self.asked.insert(index).inserted {
            group.addTask { [state = self.state] in
                happen.yield(.answer(await Self.ask(watcher, state), broker: index))
            }
        }
    }

    private static func ask(_ watcher: Watcher, _ state: TopState) async -> Result<BrokerAnswer, ClientError> {
        do throws(ClientError) {
            return .success(try await watcher.ask(state.list, state.target))
        } catch {
            return .failure(error)
        }
    }
}

extension TopLoop.Event {
    /// The picture before is to be wiped out, not only written over.
    fileprivate var clears: Bool {
        switch self {
        case .resized: true
        case .keys(let keys): keys.contains(.redraw)
        case .tick, .quit, .answer: false
        }
    }
}
