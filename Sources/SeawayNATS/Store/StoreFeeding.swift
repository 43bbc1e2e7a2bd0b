import SeawayMessage
import SeawayStore
package import SeawayWire

/// What is taken out of the engine, as the broker has listeners for it.
extension JetStreamStore {
    package func setDemand(_ count: Int, of channel: Name) {
        if let feed = self.feeds[channel] { return self.carryOut(feed.machine.setDemand(count), feed) }
        guard count > 0, !self.isStopping, let place = self.place(of: channel) else { return }
        guard self.feeds.count < self.configuration.maxChannels else {
            return self.say(
                .warning("\(self.feeds.count) channels are listened to: nothing is taken from \(channel)"))
        }
        let feed = Feed(place)
        self.feeds[channel] = feed
        self.carryOut(feed.machine.setDemand(count), feed)
    }

    func carryOut(_ action: ChannelFeed.Action, _ feed: Feed) {
        switch action {
        case .nothing: break
        case .make: self.makeConsumer(feed)
        case .pull(let credit):
            if feed.consumer == nil {
                feed.consumer = self.client.pull(
                    from: feed.place.consumer, of: feed.place.stream, bounds: self.configuration.pulling
                ) { [weak self, weak feed] event in
                    if let feed { self?.take(event, feed) }
                }
            }
            feed.consumer?.setCredit(credit)
        }
    }

    private func makeConsumer(_ feed: Feed) {
        let wanted = self.configuration.consumer(feed.place.consumer, filter: feed.place.subject)
        self.client.makeConsumer(
            wanted, of: feed.place.stream, patience: 2 * self.configuration.patience
        ) { [weak self, weak feed] words in
            guard let self, let feed, self.feeds[feed.place.channel] === feed else { return }
            guard let words else { return self.carryOut(feed.machine.made(), feed) }
            self.say(.warning("\(feed.place.channel): \(words)"))
            feed.machine.failed(at: NATSClient.now)
        }
    }

    private func take(_ event: PulledConsumer.Event, _ feed: Feed) {
        switch event {
        case .message(let message, let delivery, _):
            self.take(message, delivery, feed.place)
            self.renew(feed)
        case .gone:
            feed.consumer.take()?.end()
            feed.machine.failed(at: NATSClient.now)
        case .complaint(let words): self.say(.warning("\(feed.place.channel): \(words)"))
        }
    }

    /// What the broker can give to listeners is what it has said last, however much has come meanwhile: asked again
    /// behind the turn in which it may say something else.
    private func renew(_ feed: Feed) {
        guard !feed.isRenewing else { return }
        feed.isRenewing = true
        self.soon { [weak feed] in
            guard let feed else { return }
            feed.isRenewing = false
            if feed.machine.isReady { feed.consumer?.setCredit(feed.machine.demand) }
        }
    }

    private func take(_ message: NATSMessage, _ delivery: Delivery, _ place: DurablePlaces.Place) {
        guard let reply = message.reply, let sequence = UInt64(exactly: delivery.sequence) else { return }
        let key = place.key(sequence)
        if let number = self.settled[key] { return self.settleAgain(number, reply: reply) }
        guard let user = self.user, !self.isStopping else {
            try? self.client.acknowledge(reply, .again(after: 0))
            return
        }
        let format = StoredHeaders.format(message)
        guard self.isWellFormed(message.payload, format) else {
            // Somebody else has written it: it would break off whoever reads it.
            self.say(.warning("\(place.channel): message \(sequence) is none of a broker's, and is dropped"))
            try? self.client.acknowledge(reply, .never)
            return
        }
        // What is here already has come again after the engine was away: it is still in hand.
        guard self.held.take(key, place, reply: reply, at: NATSClient.now) else { return }
        self.counters.delivered += 1
        user.arrived(
            StoreDelivery(
                channel: place.channel, place: StorePlace(sequence), times: delivery.times,
                format: format, death: place.isForDeadLetters ? StoredHeaders.death(message.headers) : nil),
            body: message.payload.span)
    }

    private func isWellFormed(_ body: [UInt8], _ format: BodyFormat) -> Bool {
        guard body.count <= self.configuration.maxBody else { return false }
        return switch format {
        case .json: BodyCheck.isJSONMap(body.span)
        case .messagePack: BodyCheck.isMessagePackMap(body.span)
        }
    }
}

extension NATSClient {
    /// Makes a consumer, or finds that it is there as it has to be; else the completion gets why not, in words.
    func makeConsumer(
        _ wanted: ConsumerConfiguration, of stream: String, patience: Int, _ completion: @escaping (String?) -> Void
    ) {
        let check = { (result: Result<ConsumerInfo, JetStreamFault>) in
            switch result {
            case .success(let info):
                let differences = wanted.differences(from: info.configuration)
                completion(
                    differences.isEmpty ? nil : StoreSetup.words("consumer \(wanted.name) of \(stream)", differences))
            case .failure(let fault): completion("consumer \(wanted.name) of \(stream): \(fault)")
            }
        }
        self.call(.createConsumer(wanted, of: stream), patience: patience) { [weak self] result in
            guard case .failure(.refused(let refusal)) = result, refusal.kind == .exists else { return check(result) }
            self?.call(.consumer(wanted.name, of: stream), patience: patience, check)
        }
    }
}
