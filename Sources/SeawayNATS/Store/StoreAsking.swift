package import SeawayStore
package import SeawayWire

/// What is only looked at, and what is emptied.
extension JetStreamStore {
    // MARK: Looking

    /// How far into a channel is looked.
    private static let mostSights = 10_000

    package func look(
        at channel: Name, from first: Int, most: Int, then: @escaping (Result<[StoreSight], StoreFault>) -> Void
    ) {
        guard let place = self.place(of: channel) else { return self.soon { then(.success([])) } }
        guard first >= 0, most > 0, first < Self.mostSights else { return self.soon { then(.success([])) } }
        let look = Look(place: place, first: first, most: min(most, Self.mostSights - first))
        self.look(look, from: 1, then)
    }

    private struct Look {
        let place: DurablePlaces.Place
        var first: Int
        let most: Int
        var sights: [StoreSight] = []
    }

    private func look(
        _ look: Look, from sequence: Int, _ then: @escaping (Result<[StoreSight], StoreFault>) -> Void
    ) {
        let wanted = look.first + look.most - look.sights.count
        self.client.gather(
            BatchedLook.subject(of: look.place.stream),
            BatchedLook.payload(subject: look.place.subject, from: sequence, most: min(wanted, 256)),
            patience: self.configuration.patience
        ) { [weak self] gathered in
            guard let self else { return }
            guard let gathered else { return then(.failure(.unavailable("the NATS servers do not answer"))) }
            if gathered.end.headers.status == 503 {
                return then(.failure(.unavailable("no server that has the stream answers")))
            }
            let messages = gathered.answers.compactMap { StoredMessage($0) }
            var look = look
            let now = WallClock.now
            for message in messages where look.sights.count < look.most {
                let key = look.place.key(UInt64(clamping: message.sequence))
                // What another broker has in hand cannot be told from what waits.
                if self.held.has(key) || self.settled[key] != nil { continue }
                if look.first > 0 {
                    look.first -= 1
                    continue
                }
                look.sights.append(Self.sight(message, at: now))
            }
            let isLast = gathered.end.headers["Nats-Num-Pending"].flatMap { Int($0) } ?? 0 == 0
            guard let last = messages.last?.sequence, !isLast, look.sights.count < look.most else {
                return then(.success(look.sights))
            }
            self.look(look, from: last + 1, then)
        }
    }

    private static func sight(_ message: StoredMessage, at now: Int) -> StoreSight {
        let stored = message.headers["Nats-Time-Stamp"].flatMap { WallClock.milliseconds($0) } ?? now
        return StoreSight(
            age: max(0, now - stored), format: StoredHeaders.format(message.headers), body: message.payload,
            death: StoredHeaders.death(message.headers))
    }

    // MARK: Counting

    struct CountCache {
        var counts: [StoreCount] = []
        /// All that is not due yet.
        var delayed = 0
        var countedAt: Int?
        var waiting: [(Result<[StoreCount], StoreFault>) -> Void] = []
    }

    package func counts(then: @escaping (Result<[StoreCount], StoreFault>) -> Void) {
        if let at = self.countCache.countedAt, NATSClient.now - at < self.configuration.countAge {
            let counts = self.countCache.counts
            return self.soon { then(.success(counts)) }
        }
        self.countCache.waiting.append(then)
        guard self.countCache.waiting.count == 1 else { return }
        self.tally { [weak self] result in
            guard let self else { return }
            if case .success(let tally) = result {
                self.countCache.counts = tally.counts.values.sorted { $0.channel < $1.channel }
                self.countCache.delayed = tally.counts.values.reduce(0) { $0 + $1.delayed }
                self.countCache.countedAt = NATSClient.now
            }
            let waiting = self.countCache.waiting
            self.countCache.waiting = []
            for then in waiting { then(result.map { _ in self.countCache.counts }) }
        }
    }

    /// What all streams hold.
    private struct Tally {
        var counts: [Name: StoreCount] = [:]
        /// Of each stream: its subjects, by channel.
        var subjects: [(stream: String, subject: String, channel: Name)] = []

        mutating func add(_ channel: Name, _ change: (inout StoreCount) -> Void) {
            change(&self.counts[channel, default: StoreCount(channel: channel, messages: 0)])
        }
    }

    private enum Question {
        case subjects(String, areLater: Bool)
        case consumers(String, offset: Int)
    }

    private func tally(_ then: @escaping (Result<Tally, StoreFault>) -> Void) {
        var questions: [Question] = []
        for durable in self.configuration.durables {
            for stream in [DurableName.stream(of: durable.pattern), DurableName.deadStream(of: durable.pattern)] {
                questions += [.subjects(stream, areLater: false), .consumers(stream, offset: 0)]
            }
            if self.hasDelays {
                questions.append(.subjects(DurableName.laterStream(of: durable.pattern), areLater: true))
            }
        }
        self.ask(questions.reversed(), Tally(), then)
    }

    private func ask(_ questions: [Question], _ tally: Tally, _ then: @escaping (Result<Tally, StoreFault>) -> Void) {
        var questions = questions
        var tally = tally
        guard let question = questions.popLast() else { return then(.success(tally)) }
        // Nothing is changed by asking: whatever went wrong, it may be asked again.
        func fail(_ fault: JetStreamFault) { then(.failure(.unavailable(fault.description))) }
        switch question {
        case .subjects(let stream, let areLater):
            let call = JetStreamCall.stream(stream, subjects: DurableName.subjects(of: stream))
            self.client.call(call, patience: self.configuration.patience) { [weak self] result in
                switch result {
                case .success(let info):
                    for (subject, count) in info.subjects {
                        let channel =
                            areLater
                            ? LaterSubject.channel(of: subject, in: stream)
                            : DurableName.channel(of: subject, in: stream)
                        guard let channel else { continue }
                        tally.subjects.append((stream, subject, channel))
                        tally.add(channel) {
                            $0.messages += count
                            if areLater { $0.delayed += count }
                        }
                    }
                    self?.ask(questions, tally, then)
                case .failure(let fault): fail(fault)
                }
            }
        case .consumers(let stream, let offset):
            self.client.call(.consumers(of: stream, offset: offset), patience: self.configuration.patience) {
                [weak self] result in
                switch result {
                case .success(let list):
                    for info in list.consumers where info.unacknowledged > 0 {
                        guard let channel = DurableName.channel(of: info.configuration.filter, in: stream) else {
                            continue
                        }
                        tally.add(channel) { $0.held += info.unacknowledged }
                    }
                    let seen = offset + list.consumers.count
                    if seen < list.total, !list.consumers.isEmpty {
                        questions.append(.consumers(stream, offset: seen))
                    }
                    self?.ask(questions, tally, then)
                case .failure(let fault): fail(fault)
                }
            }
        }
    }

    // MARK: Emptying

    package func remove(_ pattern: Pattern?, then: @escaping (Result<Int, StoreFault>) -> Void) {
        self.tally { [weak self] result in
            switch result {
            case .success(let tally):
                let subjects = tally.subjects.filter { pattern?.matches($0.channel) ?? true }
                self?.countCache.countedAt = nil
                self?.purge(subjects.map { ($0.stream, $0.subject) }, 0, then)
            case .failure(let fault): then(.failure(fault))
            }
        }
    }

    private func purge(
        _ subjects: [(stream: String, subject: String)], _ count: Int,
        _ then: @escaping (Result<Int, StoreFault>) -> Void
    ) {
        var subjects = subjects
        guard let next = subjects.popLast() else { return then(.success(count)) }
        self.client.call(.purge(next.stream, subject: next.subject), patience: self.configuration.patience) {
            [weak self] result in
            switch result {
            case .success(let purged): self?.purge(subjects, count + purged, then)
            case .failure(let fault): then(.failure(StoreFault(fault)))
            }
        }
    }
}
