/// What a session says; only while there is a connection: nothing waits for one.
extension NATSSession {
    private func check(_ subject: String, _ size: Int) throws(NATSRefusal) {
        guard case .connected(let info, _) = self.state else { throw .notConnected }
        guard NATSSubject.isLegal(subject) else { throw .subject }
        guard size <= info.maxPayload else { throw .tooLarge(limit: info.maxPayload) }
        guard self.writer.count <= self.configuration.maxOutput else { throw .busy }
    }

    /// Says something that nobody answers.
    package mutating func publish(
        _ subject: String, reply: String? = nil, headers block: [UInt8] = [], _ payload: some Collection<UInt8>
    ) throws(NATSRefusal) {
        try self.check(subject, block.count + payload.count)
        self.writer.publish(subject, reply: reply, headers: block, payload)
    }

    /// Asks for one answer; what became of it comes as an event, once, unless this throws.
    ///
    /// - Parameter deadline: from then on its outcome is unknown.
    /// - Throws: when nothing was sent.
    package mutating func request(
        _ subject: String, headers block: [UInt8] = [], _ payload: some Collection<UInt8>, _ context: Context,
        until deadline: Int
    ) throws(NATSRefusal) {
        let number = try self.wait(subject, block.count + payload.count, context, until: deadline)
        self.writer.publish(subject, reply: self.inbox, number: number, headers: block, payload)
    }

    /// Has a message stored that has no key (`Nats-Msg-Id`): as ``request(_:headers:_:_:until:)``, and cheaper for the
    /// servers.
    ///
    /// - Parameter stream: what stores it; nothing else answers.
    package mutating func store(
        _ subject: String, in stream: String, headers block: [UInt8], _ payload: some Collection<UInt8>,
        _ context: Context, until deadline: Int
    ) throws(NATSRefusal) {
        let request = try self.wait(subject, block.count + payload.count, context, until: deadline)
        let number = self.storeReplies.take(for: request, of: stream)
        self.writer.publish(subject, reply: self.storeInbox, number: number, headers: block, payload)
    }

    private mutating func wait(
        _ subject: String, _ size: Int, _ context: Context, until deadline: Int
    ) throws(NATSRefusal) -> UInt64 {
        try self.check(subject, size)
        guard self.leavingUntil == nil else { throw .leaving }
        guard !self.waiting.isFull(most: self.configuration.maxWaiting) else { throw .busy }
        return self.waiting.add(context, until: deadline)
    }

    /// Subscribes now and after each reconnect.
    ///
    /// - Returns: the number that its messages come with; `nil` for a subject that is not legal.
    package mutating func subscribe(_ subject: String, queue: String? = nil) -> UInt64? {
        guard NATSSubject.isLegal(subject, wildcards: true), queue.map({ NATSSubject.isLegal($0) }) ?? true else {
            return nil
        }
        self.lastSubscription += 1
        self.subscriptions[self.lastSubscription] = Subscription(subject: subject, queue: queue)
        if case .connected = self.state { self.writer.subscribe(subject, queue: queue, self.lastSubscription) }
        return self.lastSubscription
    }

    /// What still comes is stray.
    package mutating func unsubscribe(_ subscription: UInt64) {
        guard self.subscriptions.removeValue(forKey: subscription) != nil else { return }
        if case .connected = self.state { self.writer.unsubscribe(subscription) }
    }
}
