import SeawayMessage

/// What a server's loops count between them: what is bounded in all of them together.
package final class ServerShares: Sendable {
    /// Connections of HTTP, and WebSockets.
    let connections = SharedCount()
    /// Sockets that are over and whose disconnect waits (W5).
    let waitingDisconnects = SharedCount()
    /// Sockets that are over and whose channels brokers have not said to be closed.
    let closingSockets = SharedCount()
    let sockets = SharedAddresses()
    /// Connections, where the client is their other end.
    let addresses = SharedAddresses()
    /// Bytes of request bodies.
    let bodies: SharedBudget
    /// Bytes of unfinished messages of browsers.
    let messages: SharedBudget
    /// Bytes of all that is held for clients.
    let memory: SharedBudget
    /// The same, by their addresses.
    let holdings = SharedHoldings()

    let loops: Int

    package init(_ configuration: ServerConfiguration, loops: Int) {
        self.loops = loops
        self.bodies = SharedBudget(limit: configuration.maxBufferedBodies, loops: loops)
        self.messages = SharedBudget(limit: configuration.sockets.wire.maxBufferedMessages, loops: loops)
        self.memory = SharedBudget(limit: configuration.maxMemory, loops: loops)
    }
}

/// Which of a server's event loops a ``ServerCore`` has.
package struct LoopPlace: Sendable {
    /// 0 is the first.
    let index: Int
    let count: Int
    let shares: ServerShares
    /// Where what is sent to its sockets comes from; `nil` on the first loop, which has those mailboxes itself.
    let home: SocketHome?

    init(index: Int, count: Int, shares: ServerShares, home: SocketHome?) {
        self.index = index
        self.count = count
        self.shares = shares
        self.home = home
    }

    /// The only loop there is.
    init(onlyOneOf configuration: ServerConfiguration) {
        self.init(index: 0, count: 1, shares: ServerShares(configuration, loops: 1), home: nil)
    }

    /// The n-th number that the loop draws, the first being 1; no other loop draws it.
    func number(_ drawn: UInt64) -> UInt64 { (drawn &- 1) &* UInt64(self.count) &+ UInt64(self.index) &+ 1 }

    /// Which of the loop's numbers one is, the first being 1.
    func drawn(_ number: UInt64) -> UInt64 { (number &- 1) / UInt64(self.count) &+ 1 }

    /// The loop that has drawn a number.
    func loop(of number: UInt64) -> Int { Int((number &- 1) % UInt64(self.count)) }
}

/// What a loop needs of the one that has the sockets' mailboxes.
struct SocketHome: Sendable {
    /// Reads the mailboxes, and so is the one that may pause and close their channels.
    let layer: any ChannelLayer
    let names: SocketNames
    /// Tells that so many messages of a mailbox were taken here.
    let taken: @Sendable (_ box: Int, _ count: Int) -> Void
}

/// What the sockets' mailboxes are called (W1).
struct SocketNames: Sendable {
    /// By ``SocketBox``; each seals its names with a key of its own.
    let boxes: [SealedNames]

    func channel(_ number: UInt64, in box: SocketBox) -> String { self.boxes[box.rawValue].name(of: number) }
}

/// The mailboxes of sockets: what is sent to browsers, and what must not wait behind that.
enum SocketBox: Int, Sendable, CaseIterable {
    case send, control

    var prefix: String {
        switch self {
        case .send: "websocket.send"
        case .control: "websocket.control"
        }
    }
}
