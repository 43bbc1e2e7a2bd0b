import SeawayNIO

/// A handle, and what has happened to it; used by one thread.
final class MQTTSession {
    private let address: MQTTAddress
    private let wakeup: Wakeup
    private let message: ([UInt8], [UInt8]) -> Void
    private var handle: MQTTHandle?
    private var code: CInt?
    private var lastPublished: CInt?
    private var answers: [(id: CInt, codes: [CInt])] = []

    /// Connects, to the first address of the host at which a broker answers.
    ///
    /// - Parameter message: is told topic and payload.
    /// - Throws: when no broker takes us, or woken.
    init(
        _ address: MQTTAddress, _ wakeup: Wakeup, message: @escaping ([UInt8], [UInt8]) -> Void = { _, _ in }
    ) throws {
        self.address = address
        self.wakeup = wakeup
        self.message = message
        var fault: (any Error)?
        for place in try HostLookup.addresses(of: address.host) where self.handle == nil {
            do {
                self.handle = try self.connected(to: place)
            } catch {
                if wakeup.isWoken { throw error }
                fault = fault ?? error
            }
        }
        if self.handle == nil, let fault { throw fault }
    }

    // MARK: What the handle tells

    fileprivate func connected(code: CInt) { self.code = code }
    fileprivate func subscribed(id: CInt, codes: [CInt]) { self.answers.append((id, codes)) }
    fileprivate func received(topic: [UInt8], payload: [UInt8]) { self.message(topic, payload) }
    fileprivate func published(id: CInt) { self.lastPublished = id }

    // MARK: Work

    /// Waits until the broker has taken us.
    ///
    /// - Throws: when the broker refuses, does not answer in time, or is lost, or woken.
    private func connected(to place: String) throws -> MQTTHandle {
        self.code = nil
        let handle = try MQTTHandle(self.address, at: place, Listener(self))
        let end = ContinuousClock.now + self.address.limits.answer
        while self.code == nil {
            do {
                try self.turn(handle, until: end)
            } catch {
                // The broker's own words come first.
                guard self.code != nil else { throw error }
            }
        }
        if let code, code != 0 { throw MQTTHandle.Fault(refusal: code) }
        return handle
    }

    func subscribe(_ filter: String, qualityOfService: Int) throws -> CInt {
        try self.open.subscribe(filter, qualityOfService: CInt(qualityOfService))
    }

    /// What the broker has answered to `SUBSCRIBE` since it was asked last.
    func takeAnswers() -> [(id: CInt, codes: [CInt])] {
        defer { self.answers = [] }
        return self.answers
    }

    /// Publishes, and waits until that is done with.
    func publish(_ payload: [UInt8], to topic: String, qualityOfService: Int) throws {
        let handle = try self.open
        let end = ContinuousClock.now + self.address.limits.answer
        self.lastPublished = nil
        let id = try handle.publish(payload, to: topic, qualityOfService: CInt(qualityOfService))
        while self.lastPublished != id { try self.turn(handle, until: end) }
    }

    /// Deals with what comes, for a second at most.
    ///
    /// - Returns: false when woken.
    func turn() throws -> Bool { try !self.open.turn(self.wakeup) }

    /// Deals with what has come, such as the end of the connection, without waiting.
    func lookAround() throws { _ = try self.open.turn(self.wakeup, milliseconds: 0) }

    func disconnect() { self.handle?.disconnect() }

    private var open: MQTTHandle {
        get throws {
            guard let handle = self.handle else { throw ServiceStopped() }
            return handle
        }
    }

    private func turn(_ handle: MQTTHandle, until end: ContinuousClock.Instant) throws {
        let left = end - ContinuousClock.now
        guard left > .zero else { throw ServiceSilence(self.address.limits.answer) }
        let isWoken = try handle.turn(self.wakeup, milliseconds: min(left.milliseconds, 1_000))
        if isWoken { throw ServiceStopped() }
    }
}

/// So that a handle and its session do not hold each other.
private final class Listener: MQTTHandle.Delegate {
    private weak var session: MQTTSession?

    init(_ session: MQTTSession) { self.session = session }

    func connected(code: CInt) { self.session?.connected(code: code) }
    func subscribed(id: CInt, codes: [CInt]) { self.session?.subscribed(id: id, codes: codes) }
    func received(topic: [UInt8], payload: [UInt8]) { self.session?.received(topic: topic, payload: payload) }
    func published(id: CInt) { self.session?.published(id: id) }
}

@available(*, unavailable)
extension MQTTSession: Sendable {}
