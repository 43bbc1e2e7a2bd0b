import SeawayMessage

/// What an in-process layer calls back, in the order of the protocol.
///
/// It calls when the turn of the loop ends: a closure may call the layer again, which must not be in the midst of something.
final class LocalOutbox: Gathering {
    enum Call {
        case answer(SendAnswer, @Sendable (SendAnswer) -> Void)
        case groupAnswer(GroupAnswer, @Sendable (GroupAnswer) -> Void)
        case delivery(Delivery, @Sendable (Delivery) -> Void)
        case event(ListeningEvent, @Sendable (ListeningEvent) -> Void)
        case stopped(@Sendable () -> Void)
    }

    private unowned let core: BrokerCore
    private var gathered: [Call] = []
    private var isTouched = false

    init(core: BrokerCore) { self.core = core }

    func put(_ call: Call) {
        self.gathered.append(call)
        guard !self.isTouched else { return }
        self.isTouched = true
        self.core.touch(self)
    }

    func flush() {
        self.isTouched = false
        let gathered = self.gathered
        self.gathered.removeAll(keepingCapacity: true)
        for call in gathered {
            switch call {
            case .answer(let answer, let tell): tell(answer)
            case .groupAnswer(let answer, let tell): tell(answer)
            case .delivery(let delivery, let receive): receive(delivery)
            case .event(let event, let tell): tell(event)
            case .stopped(let done): done()
            }
        }
    }
}
