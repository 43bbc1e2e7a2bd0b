import Synchronization

/// The sockets whose events come to this process alone (W18).
final class KeptSockets: Sendable {
    private struct State {
        /// By send channel.
        var controlChannels: [String: String] = [:]
        /// By send channel, from the connect on.
        var sessions: [String: WebSocketSession] = [:]
        var count = 0
        var isLeaving = false
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: beyond it no more are kept.
    init(limit: Int = 65_536) { self.limit = limit }

    var isEmpty: Bool { self.state.withLock { $0.controlChannels.isEmpty } }

    /// A socket of a route that keeps them wants to open.
    func begin(_ channel: String) {
        self.state.withLock { state in
            guard !state.isLeaving, state.sessions.count < self.limit else { return }
            state.sessions[channel] = WebSocketSession()
        }
    }

    /// `nil` where it is not kept here, or not any more.
    func session(of channel: String) -> WebSocketSession? { self.state.withLock { $0.sessions[channel] } }

    /// - Returns: the channel for the socket's events, of its own so that a busy socket leaves the others their room;
    ///   `nil` when it cannot be kept.
    func keep(_ socket: WebSocket, in mailbox: String) -> String? {
        self.state.withLock { state in
            guard !state.isLeaving, state.controlChannels.count < self.limit else { return nil }
            state.controlChannels[socket.channel] = socket.controlChannel
            state.count += 1
            return "\(mailbox)\(state.count)"
        }
    }

    func forget(_ channel: String) {
        self.state.withLock { state in
            state.controlChannels[channel] = nil
            state.sessions[channel] = nil
        }
    }

    /// The connection broke: the server finds nobody and takes to the shared channels by itself.
    func forgetAll() {
        self.state.withLock { state in
            state.controlChannels = [:]
            state.sessions = [:]
        }
    }

    /// Keeps no more; the sessions stay for the events that are on their way.
    ///
    /// - Returns: the control channels of those to be given back.
    func leave() -> [String] {
        self.state.withLock { state in
            state.isLeaving = true
            defer { state.controlChannels = [:] }
            return Array(state.controlChannels.values)
        }
    }
}
