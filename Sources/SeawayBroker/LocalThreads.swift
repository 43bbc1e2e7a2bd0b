import NIOCore

/// How calls come to a broker in this process from the loop of a layer, and back.
///
/// Where that is the broker's own loop nothing changes threads. Else all calls of one turn cross together, in each
/// direction: one wake-up for all of them, in their order, and no lock for each.
final class LocalThreads: Sendable {
    typealias Call = @Sendable (LocalState) -> Void

    /// Of the broker.
    private let broker: any EventLoop
    /// Of the layer: answers and deliveries come there.
    private let own: any EventLoop
    private let core: NIOLoopBound<BrokerCore>
    private let clientName: String
    private let state: NIOLoopBoundBox<LocalState?>
    /// What was called in this turn of the layer's own loop.
    private let calls: NIOLoopBoundBox<[Call]>

    init(core: NIOLoopBound<BrokerCore>, broker: any EventLoop, own: any EventLoop, clientName: String) {
        self.core = core
        self.broker = broker
        self.own = own
        self.clientName = clientName
        self.state = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: broker)
        self.calls = NIOLoopBoundBox.makeBoxSendingValue([], eventLoop: own)
    }

    /// Runs at once on the broker's own thread, at the end of the turn from the layer's, soon from any other.
    func toBroker(_ call: @escaping Call) {
        if self.broker.inEventLoop {
            self.core.value.readClock()
            return call(self.local)
        }
        guard self.own.inEventLoop else { return self.broker.execute { self.run([call]) } }
        if self.calls.value.isEmpty { self.own.execute { self.handOver() } }
        self.calls.value.append(call)
    }

    private func handOver() {
        let calls = self.calls.value
        self.calls.value = []
        self.broker.execute { self.run(calls) }
    }

    private func run(_ calls: [Call]) {
        self.core.value.readClock()
        let local = self.local
        for call in calls { call(local) }
    }

    private var local: LocalState {
        if let state = self.state.value { return state }
        let own = self.own
        let state = LocalState(core: self.core.value, clientName: self.clientName) { calls in
            if own.inEventLoop {
                for call in calls { call.run() }
            } else {
                own.execute { for call in calls { call.run() } }
            }
        }
        self.state.value = state
        return state
    }
}
