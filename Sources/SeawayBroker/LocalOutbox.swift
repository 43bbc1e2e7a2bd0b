import SeawayMessage

/// What an in-process layer calls back, in the order of the protocol, on the layer's own loop.
///
/// It calls when the turn of the loop ends: a closure may call the layer again, which must not be in the midst of
/// something.
final class LocalOutbox: Gathering {
    enum Call: Sendable {
        case answer(SendAnswer, @Sendable (SendAnswer) -> Void)
        case groupAnswer(GroupAnswer, @Sendable (GroupAnswer) -> Void)
        case delivery(Delivery, @Sendable (Delivery) -> Void)
        case event(ListeningEvent, @Sendable (ListeningEvent) -> Void)
        case stopped(@Sendable () -> Void)

        func run() {
            switch self {
            case .answer(let answer, let tell): tell(answer)
            case .groupAnswer(let answer, let tell): tell(answer)
            case .delivery(let delivery, let receive): receive(delivery)
            case .event(let event, let tell): tell(event)
            case .stopped(let done): done()
            }
        }
    }

    private unowned let core: BrokerCore
    private let handOver: ([Call]) -> Void
    private var calls: [Call] = []
    /// Nothing is written.
    let gathered = 0
    private var isTouched = false

    /// - Parameter handOver: has calls run where the layer is.
    init(core: BrokerCore, handOver: @escaping ([Call]) -> Void) {
        self.core = core
        self.handOver = handOver
    }

    func put(_ call: Call) {
        self.calls.append(call)
        guard !self.isTouched else { return }
        self.isTouched = true
        self.core.touch(self)
    }

    func flush() {
        self.isTouched = false
        let calls = self.calls
        self.calls.removeAll(keepingCapacity: true)
        self.handOver(calls)
    }
}
