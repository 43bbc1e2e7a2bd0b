import NIOCore
import SeawayBroker
import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// A connection's bytes in memory.
final class MemoryTransport: Transport {
    private(set) var received: [UInt8] = []
    private var waiting: [UInt8] = []
    /// Where the parts before the last lay in memory, of all that was written.
    private(set) var places: [Int] = []
    /// The most that was handed over at once.
    private(set) var longestWrite = 0
    private(set) var isClosed = false
    private(set) var isReading = true
    var isStalled = false {
        didSet { if !self.isStalled { self.take() } }
    }

    func write(_ parts: [ByteBuffer], _ last: ByteBuffer) {
        self.places += parts.map { $0.withUnsafeReadableBytes { Int(bitPattern: $0.baseAddress) } }
        for part in parts + [last] { self.waiting += part.readableBytesView }
        self.longestWrite = max(self.longestWrite, (parts + [last]).reduce(0) { $0 + $1.readableBytes })
        if !self.isStalled { self.take() }
    }

    private func take() {
        self.received += self.waiting
        self.waiting = []
    }

    var unsent: Int { self.waiting.count }
    var takesMore: Bool { self.waiting.isEmpty }
    func endOutput() { self.isClosed = true }
    func close() { self.isClosed = true }
    func setReading(_ isReading: Bool) { self.isReading = isReading }
    var host: String { "memory" }

    func takeReceived() -> [UInt8] {
        defer { self.received = [] }
        return self.received
    }
}

/// Runs a vector against a broker in memory, with a clock that is set by hand.
final class ScenarioRunner {
    private final class Clock {
        var now = 1_000_000
    }

    private let clock = Clock()
    private let core: BrokerCore
    /// With the option `durable`.
    private let store: ScriptedStore?
    private let cut: Cut
    private var tags = DeliveryTags()
    private var peers: [String: (connection: Connection, transport: MemoryTransport)] = [:]

    init(options: [String: ScenarioVector.Option], cut: Cut = .whole) throws {
        let clock = self.clock
        if case .list(let patterns)? = options["durable"] {
            self.store = ScriptedStore(durable: patterns) { clock.now }
        } else {
            self.store = nil
        }
        self.core = BrokerCore(
            configuration: try BrokerConfiguration(options), clock: { clock.now }, store: self.store)
        self.cut = cut
    }

    func run(_ vector: ScenarioVector) throws {
        for (number, step) in vector.steps.enumerated() {
            if let fault = try self.run(step) {
                Issue.record("\(vector.id) step \(number + 1): \(fault) (\(vector.why))")
            }
        }
        for (name, peer) in self.peers {
            let rest = peer.transport.takeReceived()
            #expect(
                rest.isEmpty, "\(vector.id): left on \(name): \(String(decoding: rest, as: UTF8.self)) (\(vector.why))")
        }
    }

    private func run(_ step: ScenarioVector.Step) throws -> String? {
        if let milliseconds = step.advance {
            self.advance(milliseconds)
            return nil
        }
        if let milliseconds = step.shutdown {
            self.core.shutDown(within: milliseconds)
            return nil
        }
        if let lines = step.tokens {
            self.core.replaceTokens(try Tokens(parsing: lines.joined(separator: "\n")))
            return nil
        }
        if let mood = step.store {
            self.store?.mood = mood
            self.endTurns()
            return nil
        }
        let peer = self.peer(step.connection)
        if let bytes = step.sent { self.feed(self.tags.reveal(bytes), to: peer.connection) }
        if step.eof == true { peer.connection.receiveEnd() }
        if step.drop == true { peer.connection.receiveClosed() }
        self.endTurns()
        if let stall = step.stall {
            peer.transport.isStalled = stall
            if !stall { peer.connection.outputWasTaken() }
            self.endTurns()
        }
        if let expected = step.expected {
            let got = self.tags.translate(peer.transport.takeReceived(), by: expected)
            guard Wildcard.matches(got, expected) else {
                return "expected \(String(decoding: expected.prefix(600), as: UTF8.self).debugDescription), "
                    + "got \(String(decoding: got.prefix(600), as: UTF8.self).debugDescription)"
            }
        }
        if let closed = step.closed, closed != peer.transport.isClosed {
            return closed ? "the connection is still open" : "the connection is closed"
        }
        return nil
    }

    private func peer(_ name: String) -> (connection: Connection, transport: MemoryTransport) {
        if let peer = self.peers[name] { return peer }
        let transport = MemoryTransport()
        let peer = (self.core.connect(transport), transport)
        self.peers[name] = peer
        self.core.endTurns()
        return peer
    }

    private func endTurns() {
        self.core.endTurns()
        while self.store?.run() == true { self.core.endTurns() }
    }

    private func feed(_ bytes: [UInt8], to connection: Connection) {
        for piece in self.cut.pieces(of: bytes) {
            var buffer = ByteBuffer(bytes: piece)
            connection.receive(&buffer)
        }
    }

    /// Time passes in steps, as it does for a broker that looks after its deadlines now and then.
    private func advance(_ milliseconds: Int) {
        let end = self.clock.now + milliseconds
        let step = max(1, milliseconds / 1_000)
        while self.clock.now < end {
            self.clock.now = min(end, self.clock.now + step)
            self.core.check()
            while self.store?.run() == true { self.core.endTurns() }
        }
    }
}

extension BrokerCore {
    /// Ends this turn, and goes on until nobody waits for another.
    func endTurns() {
        self.endTurn()
        while self.isBehind { self.goOn() }
    }
}

extension BrokerConfiguration {
    struct UnknownOption: Error { let name: String }

    /// The options of a vector, as the command line reads them.
    init(_ options: [String: ScenarioVector.Option]) throws {
        self.init()
        for (name, option) in options {
            switch (name, option) {
            case ("max-body", .number(let value)): self.limits = WireLimits(maxBody: value)
            case ("frame-timeout", .number(let value)): self.frameTimeout = value
            case ("mailbox-grace", .number(let value)): self.hub.mailboxGrace = value
            case ("max-names", .number(let value)): self.hub.maxNames = value
            case ("max-members", .number(let value)): self.hub.maxMembers = value
            case ("max-groups", .number(let value)): self.hub.maxGroups = value
            case ("max-watches", .number(let value)): self.hub.maxWatches = value
            case ("max-tails", .number(let value)): self.hub.maxTails = value
            case ("max-channels", .number(let value)): self.hub.maxChannels = value
            case ("max-closed", .number(let value)): self.hub.maxClosed = value
            case ("max-held", .number(let value)): self.hub.maxHeld = value
            case ("max-delayed", .number(let value)): self.hub.maxDelayed = value
            case ("max-keys", .number(let value)): self.hub.maxKeys = value
            case ("hold", .number(let value)): self.hub.hold = value
            case ("return", .number(let value)): self.hub.returnDelay = value
            case ("once-window", .number(let value)): self.hub.onceWindow = value
            case ("tries", .list(let list)): self.hub.tries = try list.map(Self.expiry)
            case ("max-memory", .number(let value)): self.hub.maxMemory = value
            case ("max-connections", .number(let value)): self.maxConnections = value
            case ("max-strangers", .number(let value)): self.maxStrangers = value
            case ("unread-timeout", .number(let value)): self.unreadTimeout = value
            case ("idle-timeout", .number(let value)): self.idleTimeout = value
            case ("max-pending", .number(let value)): self.maxPending = value
            case ("store-patience", .number(let value)): self.storePatience = value
            // Of the store itself.
            case ("durable", .list): break
            case ("tokens", .list(let lines)): self.tokens = try Tokens(parsing: lines.joined(separator: "\n"))
            case ("capacity", .list(let list)): self.hub.capacities = try list.map(Self.capacity)
            case ("expiry", .list(let list)): self.hub.expiries = try list.map(Self.expiry)
            default: throw UnknownOption(name: name)
            }
        }
    }

    private static func capacity(_ text: String) throws -> (Pattern, HubConfiguration.Capacity) {
        let sides = text.split(separator: "=").map(String.init)
        let numbers = sides[1].split(separator: ",").compactMap { Int($0) }
        guard let pattern = Pattern(sides[0]), let messages = numbers.first else { throw UnknownOption(name: text) }
        return (pattern, .init(messages: messages, bytes: numbers.count > 1 ? numbers[1] : nil))
    }

    private static func expiry(_ text: String) throws -> (Pattern, Int) {
        let sides = text.split(separator: "=").map(String.init)
        guard let pattern = Pattern(sides[0]), let value = Int(sides[1]) else { throw UnknownOption(name: text) }
        return (pattern, value)
    }
}
