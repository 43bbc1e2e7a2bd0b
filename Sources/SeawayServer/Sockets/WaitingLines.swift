import NIOCore

/// Those who wait for room on a channel, in turn; only the first tries.
private struct WaitingLine {
    var members = CircularBuffer<SocketSession>()
    var pause = WaitingLines.shortestPause
    var nextTry: Moment
    /// The first was let out of the line, and has not said how it went.
    var isTrying = false
    /// A turn of the line goes on.
    var isLettingOut = false

    func maySendNow(at now: Moment) -> Bool { !self.isTrying && self.nextTry <= now }
}

/// The lines of a server's sockets, one for each channel that had no room (protocol/INTERFACE.md, W15).
///
/// However many wait, one message at a time is tried on each channel; one clock serves all.
final class WaitingLines {
    fileprivate static let shortestPause = Duration.milliseconds(10)
    private static let longestPause = Duration.seconds(1)

    private let eventLoop: any EventLoop
    private var lines: [String: WaitingLine] = [:]
    private var clock: Scheduled<Void>?

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    private var now: Moment { Moment(self.eventLoop.now) }

    /// Whether others wait for this channel already.
    func exists(for channel: String) -> Bool { self.lines[channel] != nil }

    /// Takes a place behind those who wait; ``SocketSession/takeTurn(at:)`` tells when it is its turn.
    func append(_ session: SocketSession, to channel: String) {
        self.lines[channel, default: WaitingLine(nextTry: self.now + Self.shortestPause)].members.append(session)
        self.startClock()
    }

    /// Gives its place up.
    ///
    /// - Complexity: O(length of the line).
    func remove(_ session: SocketSession, from channel: String) {
        self.lines[channel]?.members.removeAll { $0 === session }
    }

    /// The one whose turn it was has found room, or has lost interest: the next may try at once.
    func succeeded(on channel: String) {
        self.lines[channel]?.isTrying = false
        self.lines[channel]?.pause = Self.shortestPause
        self.lines[channel]?.nextTry = self.now
        self.letOut(channel)
    }

    /// The one whose turn it was has found no room: it stays the first.
    func failed(_ session: SocketSession, on channel: String) {
        guard var line = self.lines[channel] else { return self.append(session, to: channel) }
        line.isTrying = false
        line.members.prepend(session)
        line.pause = min(line.pause * 2, Self.longestPause)
        line.nextTry = self.now + line.pause
        self.lines[channel] = line
        self.startClock()
    }

    /// Lets them try, one by one, until one has to wait for its answer.
    private func letOut(_ channel: String) {
        // One that is answered at once comes back here: the loop below goes on, no second one begins.
        guard self.lines[channel]?.isLettingOut == false else { return }
        self.lines[channel]?.isLettingOut = true
        while let line = self.lines[channel], line.maySendNow(at: self.now) {
            guard let first = self.lines[channel]?.members.popFirst() else {
                self.lines[channel] = nil
                return
            }
            self.lines[channel]?.isTrying = true
            first.takeTurn(at: channel)
        }
        self.lines[channel]?.isLettingOut = false
    }

    private func startClock() {
        guard self.clock == nil else { return }
        let lines = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.clock = self.eventLoop.scheduleTask(in: .milliseconds(10)) { lines.value.tick() }
    }

    private func tick() {
        self.clock = nil
        let now = self.now
        for (channel, line) in self.lines where line.maySendNow(at: now) { self.letOut(channel) }
        if !self.lines.isEmpty { self.startClock() }
    }
}

@available(*, unavailable)
extension WaitingLines: Sendable {}
