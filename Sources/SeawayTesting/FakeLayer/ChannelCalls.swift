import Synchronization

/// What a ``FakeLayer`` was told of reply channels.
final class ChannelCalls: Sendable {
    private struct State {
        var all: [String] = []
        var paused: [String] = []
        var resumed: [String] = []
        var closed: [String] = []
        var holdsClosed = false
        var heldClosed: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let closings = Arrivals<[String]>()

    init() {}

    var all: [String] { self.state.withLock { $0.all } }
    var paused: [String] { self.state.withLock { $0.paused } }
    var resumed: [String] { self.state.withLock { $0.resumed } }
    var closed: [String] { self.state.withLock { $0.closed } }

    func pause(_ channel: String) {
        self.state.withLock { state in
            state.paused.append(channel)
            state.all.append("PAUSE \(channel)")
        }
    }

    func resume(_ channel: String) {
        self.state.withLock { state in
            state.resumed.append(channel)
            state.all.append("RESUME \(channel)")
        }
    }

    func close(_ channels: [String], done: @escaping @Sendable () -> Void) {
        let isHeld = self.state.withLock { state in
            state.closed += channels
            state.all.append("CLOSE " + channels.joined(separator: " "))
            if state.holdsClosed { state.heldClosed.append(done) }
            return state.holdsClosed
        }
        self.closings.put(channels)
        if !isHeld { done() }
    }

    func nextClosed() async throws -> [String] { try await self.closings.next() }

    func holdClosed(_ holds: Bool) {
        let held = self.state.withLock { state in
            state.holdsClosed = holds
            defer { if !holds { state.heldClosed = [] } }
            return holds ? [] : state.heldClosed
        }
        for done in held { done() }
    }
}
