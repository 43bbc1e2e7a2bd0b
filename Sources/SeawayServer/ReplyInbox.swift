import Logging
import NIOCore
import SeawayMessage

/// What has an inbox: it takes what workers send to it, and knows what is under way.
protocol ReplyInboxOwner: AnyObject {
    /// - Parameter box: the place of its mailbox among the inbox's prefixes.
    func receive(_ delivery: Delivery, in box: Int)

    /// How many deliveries have not come to those whom they are for yet.
    func held(in box: Int) -> Int

    /// The names that workers know lead nowhere any more: what is under way cannot be answered.
    func inboxWasLost()

    /// The mailboxes have other names now.
    func inboxWasRenamed()

    /// A broker is gone, perhaps with what was on its way to workers or from them.
    func brokerWasLost()

    /// What went by a connection that is lost is not to be waited for any more.
    func wasForsaken(_ carrier: Carrier)
}

extension ReplyInboxOwner {
    func held(in box: Int) -> Int { 0 }

    func inboxWasRenamed() {}

    func wasForsaken(_ carrier: Carrier) {}
}

/// The mailboxes in which what workers send to a server's requests, or to its sockets, comes (I1, I2, W1).
///
/// They are listened on as long as the server runs, all under one random name: when another reader has taken one of
/// them, or the layer refuses one, all get another. Lives on the server's event loop.
final class ReplyInbox {
    private(set) var boxes: [ReplyMailbox]
    /// The random part of their names.
    private(set) var server: String
    private let prefixes: [String]
    private let layer: any ChannelLayer
    private let eventLoop: any EventLoop
    private let credit: Int
    private let logger: Logger
    private unowned let owner: any ReplyInboxOwner
    private var isStopped = false
    /// When to try again after the layer has refused a mailbox.
    private var listenAgain: Moment?
    /// As of the last sweep.
    private var now: Moment

    /// Until a refused mailbox is asked for again: what refuses it does not change from one moment to the next.
    private static let pauseAfterRefusal = Duration.seconds(5)

    /// - Parameters:
    ///   - prefixes: what the mailboxes' names begin with, such as `http.response`.
    ///   - credit: how many messages may be delivered ahead in each.
    ///   - owner: outlives this.
    init(
        _ prefixes: [String], layer: any ChannelLayer, eventLoop: any EventLoop, credit: Int, now: Moment,
        logger: Logger, owner: any ReplyInboxOwner
    ) {
        self.prefixes = prefixes
        self.layer = layer
        self.eventLoop = eventLoop
        self.credit = credit
        self.now = now
        self.logger = logger
        self.owner = owner
        self.server = ReplyMailbox.randomName()
        self.boxes = Self.newBoxes(prefixes, self.server, credit)
    }

    /// Of several with one prefix each has a random name of its own: who knows one cannot send to the others.
    private static func newBoxes(_ prefixes: [String], _ server: String, _ credit: Int) -> [ReplyMailbox] {
        prefixes.enumerated().map { index, prefix in
            let isFirst = prefixes.firstIndex(of: prefix) == index
            return ReplyMailbox(prefix, server: isFirst ? server : ReplyMailbox.randomName(), credit: credit)
        }
    }

    /// Whether what is sent to it now would come; not while the layer refuses it.
    var isOpen: Bool { self.listenAgain == nil }

    // MARK: Listening

    func listen() {
        self.listenAgain = nil
        for box in self.boxes.indices {
            let listening = self.listen(in: box)
            self.boxes[box].listening = listening
            listening.ready(self.credit)
        }
    }

    private func listen(in box: Int) -> any Listening {
        let name = self.boxes[box].name
        let inbox = OnLoop(self, self.eventLoop)
        return self.layer.listen(
            to: [name],
            receive: { delivery in inbox.run { $0.receive(delivery, in: box) } },
            event: { event in inbox.run { $0.take(event, of: name) } }
        )
    }

    private func receive(_ delivery: Delivery, in box: Int) {
        self.boxes[box].useCredit()
        self.owner.receive(delivery, in: box)
        self.grant(in: box)
    }

    /// Gives credit again for what has come to whom it is for, which has room of its own, or is held back by itself.
    func grant(in box: Int) {
        let held = self.owner.held(in: box)
        if let credit = self.boxes[box].renewCredit(held: held) { self.boxes[box].listening?.ready(credit) }
    }

    private func take(_ event: ListeningEvent, of name: String) {
        guard !self.isStopped, self.boxes.contains(where: { $0.name == name }) else { return }
        switch event {
        case .started: self.logger.debug("listening", metadata: ["mailbox": "\(name)"])
        case .interrupted, .weakened:
            self.logger.debug("a broker was lost", metadata: ["mailbox": "\(name)"])
            self.owner.brokerWasLost()
        case .forsaken(let carrier): self.owner.wasForsaken(carrier)
        case .lost:
            self.logger.error("another reader has taken a reply mailbox", metadata: ["mailbox": "\(name)"])
            self.leaveNames()
            self.listen()
        case .refused(let refusal):
            self.logger.error(
                "the broker refuses a reply mailbox", metadata: ["mailbox": "\(name)", "why": "\(refusal)"])
            self.leaveNames()
            self.listenAgain = self.now + Self.pauseAfterRefusal
        }
    }

    /// Takes other names, since what is sent to these would go to somebody else, or to nobody (I2).
    private func leaveNames() {
        for box in self.boxes { box.listening?.stop {} }
        self.owner.inboxWasLost()
        self.server = ReplyMailbox.randomName()
        self.boxes = Self.newBoxes(self.prefixes, self.server, self.credit)
        self.owner.inboxWasRenamed()
    }

    func sweep(at now: Moment) {
        self.now = now
        if let time = self.listenAgain, time <= now, !self.isStopped { self.listen() }
    }

    /// Takes nothing more.
    func stop(_ done: @escaping @Sendable () -> Void) {
        self.isStopped = true
        let listenings = self.boxes.compactMap(\.listening)
        guard !listenings.isEmpty else { return done() }
        let left = OnLoop(Countdown(listenings.count), self.eventLoop)
        for listening in listenings {
            listening.stop { left.run { if $0.isLast() { done() } } }
        }
    }
}

/// Tells the last of several calls from the others.
private final class Countdown {
    private var left: Int

    init(_ count: Int) { self.left = count }

    func isLast() -> Bool {
        self.left -= 1
        return self.left == 0
    }
}

@available(*, unavailable)
extension ReplyInbox: Sendable {}

@available(*, unavailable)
extension Countdown: Sendable {}
