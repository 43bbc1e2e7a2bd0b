package import SeawayStore

/// Decides what is asked of the engine at start: that each stream is there and is as it has to be, and each consumer of
/// it. Nothing that is there is changed. Times are milliseconds.
package struct StoreSetup {
    package enum Step: Hashable, Sendable {
        case make(StreamConfiguration)
        /// There is one of that name: how is it?
        case look(String)
        case consumers(String, offset: Int)
        case pause
        case done
        case failed(StoreFault)
    }

    /// What the engine has answered.
    package enum Answer {
        case stream(Result<StreamInfo, JetStreamFault>)
        case consumers(Result<ConsumerList, JetStreamFault>)
    }

    private var wanted: [StreamConfiguration]
    private let deadline: Int
    private var step = Step.done
    /// What is tried again after a pause.
    private var again = Step.done
    private let acknowledgeWithin: Int

    /// - Parameter deadline: after which what cannot be reached is a fault.
    package init(_ wanted: [StreamConfiguration], acknowledgeWithin: Int, deadline: Int) {
        self.wanted = wanted.reversed()
        self.acknowledgeWithin = acknowledgeWithin
        self.deadline = deadline
    }

    package mutating func start() -> Step { self.nextStream() }

    private mutating func nextStream() -> Step {
        self.go(self.wanted.last.map { .make($0) } ?? .done)
    }

    private mutating func go(_ step: Step) -> Step {
        self.step = step
        return step
    }

    package mutating func paused() -> Step { self.go(self.again) }

    package mutating func heard(_ answer: Answer, at now: Int) -> Step {
        guard let stream = self.wanted.last else { return .done }
        switch answer {
        case .stream(.success(let info)):
            let differences = stream.differences(from: info.configuration)
            guard differences.isEmpty else {
                return .failed(.unsupported(Self.words("stream \(stream.name)", differences)))
            }
            return self.go(.consumers(stream.name, offset: 0))
        case .consumers(.success(let list)):
            if let words = self.difference(list, of: stream.name) { return .failed(.unsupported(words)) }
            guard case .consumers(_, let offset) = self.step else { return .done }
            let seen = offset + list.consumers.count
            if seen < list.total, !list.consumers.isEmpty {
                return self.go(.consumers(stream.name, offset: seen))
            }
            self.wanted.removeLast()
            return self.nextStream()
        case .stream(.failure(let fault)):
            if case .refused(let refusal) = fault, refusal.kind == .exists { return self.go(.look(stream.name)) }
            return self.failed(fault, "stream \(stream.name)", at: now)
        case .consumers(.failure(let fault)):
            return self.failed(fault, "consumers of \(stream.name)", at: now)
        }
    }

    /// An election, a server that does not know the others yet: it is asked again for a time.
    private mutating func failed(_ fault: JetStreamFault, _ what: String, at now: Int) -> Step {
        switch StoreFault(fault) {
        case .unsupported: return .failed(.unsupported("\(what): \(fault)"))
        case .unavailable, .unknown:
            guard now < self.deadline else { return .failed(.unavailable("\(what): \(fault)")) }
            self.again = self.step
            return self.go(.pause)
        }
    }

    private func difference(_ list: ConsumerList, of stream: String) -> String? {
        for info in list.consumers {
            let found = info.configuration
            // Another's, of which nothing is known here.
            guard let channel = DurableName.channel(of: found.filter, in: stream),
                found.name == DurableName.consumer(of: channel)
            else { continue }
            var wanted = ConsumerConfiguration(name: found.name, filter: found.filter)
            wanted.acknowledgeWithin = self.acknowledgeWithin
            let differences = wanted.differences(from: found)
            if !differences.isEmpty { return Self.words("consumer \(found.name) of \(stream)", differences) }
        }
        return nil
    }

    package static func words(_ what: String, _ differences: [String]) -> String {
        "\(what): \(differences.joined(separator: "; ")); it is never changed by itself: "
            + "change it with the tool of NATS, or ask for what it is"
    }
}
