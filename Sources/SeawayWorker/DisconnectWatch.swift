import Logging
import SeawayMessage
import Synchronization

/// Hears that nobody waits for an answer any more, and has its consumer cancelled (I27).
///
/// For each request that takes long it names a channel in a mailbox of this run. That is listened on from the first
/// time it is needed; where the broker does not allow it, all goes on without. What is said to the channel while no
/// broker is in reach is lost: such a consumer works until its answer is refused with `gone`.
final class DisconnectWatch: Sendable {
    private enum Hearing: Sendable {
        case notYet
        case asked
        case inForce
        case never
    }

    private struct State {
        var hearing = Hearing.notYet
        var listening: (any Listening)?
        /// Those that are to be named once the listening is in force, by the seats that they have.
        var waiting: [Int: Exchange] = [:]
    }

    /// How many ends may be under way to this process at once.
    private static let credit = 64

    private let layer: any ChannelLayer
    private let seats: Seats
    private let logger: Logger
    private let mailbox: String
    private let state = Mutex(State())

    init(layer: any ChannelLayer, seats: Seats, logger: Logger, mailbox: String) {
        self.layer = layer
        self.seats = seats
        self.logger = logger
        self.mailbox = mailbox
    }

    /// Looks after all requests, with one sleep at a time, until the worker has ended or is cancelled.
    func run() async {
        while let due = await self.seats.nextDue() {
            guard (try? await self.seats.sleep(until: due)) != nil else { return }
            for exchange in self.seats.takeDue() where exchange.current.isAwaited { self.ask(exchange) }
        }
    }

    /// Listens no more.
    func stop() async {
        let listening = self.state.withLock { state in
            state.waiting = [:]
            return state.listening.take()
        }
        guard let listening else { return }
        await withCheckedContinuation { continuation in listening.stop { continuation.resume() } }
    }

    // MARK: Asking

    private func ask(_ exchange: Exchange) {
        let hearing = self.state.withLock { state in
            let hearing = state.hearing
            if hearing == .notYet { state.hearing = .asked }
            if hearing == .notYet || hearing == .asked { state.waiting[exchange.number % self.seats.count] = exchange }
            return hearing
        }
        switch hearing {
        case .notYet: self.listen()
        case .inForce: self.name(exchange)
        case .asked, .never: break
        }
    }

    private func name(_ exchange: Exchange) {
        let message: Message = ["disconnect_channel": .string("\(self.mailbox)\(exchange.number)")]
        // Only if somebody reads: a server that died would never say `gone`.
        self.layer.send(message.payload, to: exchange.replyChannel, ifHeard: true) { answer in
            do throws(ClientError) {
                try answer.get(for: exchange.replyChannel)
            } catch {
                if error.code == .gone { return exchange.leave() }
                if error.isPassing || error.code == .unknown { return self.seats.putOff(exchange.number) }
                self.logger.debug("a request's end is not told", metadata: ["error": "\(error)"])
            }
        }
    }

    // MARK: Hearing

    private func listen() {
        let listening = self.layer.listen(to: [self.mailbox]) { [weak self] delivery in
            self?.take(delivery)
        } event: { [weak self] event in
            self?.take(event)
        }
        self.state.withLock { $0.listening = listening }
        listening.ready(Self.credit)
    }

    private func take(_ delivery: Delivery) {
        self.state.withLock { $0.listening }?.ready(1)
        for channel in delivery.channels {
            guard let number = Int(channel.dropFirst(self.mailbox.count)), let exchange = self.seats.work(number),
                delivery.body["reply_channel"]?.string == exchange.replyChannel
            else { continue }
            exchange.leave()
        }
    }

    private func take(_ event: ListeningEvent) {
        switch event {
        case .interrupted, .weakened, .forsaken: break
        case .started:
            let waiting = self.state.withLock { state in
                state.hearing = .inForce
                defer { state.waiting = [:] }
                return state.waiting.values
            }
            for exchange in waiting where self.seats.work(exchange.number) != nil && exchange.current.isAwaited {
                self.name(exchange)
            }
        case .lost(let name): self.goOnWithout("another reader has taken \(name) over")
        case .refused(let refusal): self.goOnWithout("\(refusal)")
        }
    }

    private func goOnWithout(_ reason: String) {
        self.state.withLock { state in
            state.hearing = .never
            state.listening = nil
            state.waiting = [:]
        }
        self.seats.stopNoticing()
        self.logger.info(
            "consumers work on when nobody waits any more: that cannot be heard of",
            metadata: ["channel": "\(self.mailbox)", "reason": "\(reason)"])
    }
}
