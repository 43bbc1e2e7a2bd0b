#if SEAWAY_MQTT
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    /// What has happened to a handle, kept for the thread that uses it.
    final class MQTTSession: MQTTHandle.Delegate {
        private var code: CInt?
        private let message: ([UInt8], [UInt8]) -> Void
        private(set) var lastPublished: CInt?

        /// - Parameter message: is told topic and payload.
        init(message: @escaping ([UInt8], [UInt8]) -> Void = { _, _ in }) { self.message = message }

        func connected(code: CInt) { self.code = code }
        func received(topic: [UInt8], payload: [UInt8]) { self.message(topic, payload) }
        func published(id: CInt) { self.lastPublished = id }

        /// Waits until the broker has taken us.
        ///
        /// - Returns: false when woken.
        /// - Throws: when the broker refuses, does not answer within 10 s, or is lost.
        func connect(_ handle: MQTTHandle, _ wakeup: Wakeup) throws -> Bool {
            let end = ContinuousClock.now + .seconds(10)
            while self.code == nil {
                do {
                    if try handle.turn(wakeup) { return false }
                } catch {
                    // The broker's own words come first.
                    guard self.code != nil else { throw error }
                }
                if ContinuousClock.now > end { throw SystemFault(code: ETIMEDOUT, what: "CONNECT") }
            }
            if let code, code != 0 { throw MQTTHandle.Fault(refusal: code) }
            return true
        }

        /// Waits until what was published is done with.
        func finish(_ id: CInt, _ handle: MQTTHandle, _ wakeup: Wakeup) throws -> Bool {
            let end = ContinuousClock.now + .seconds(10)
            while self.lastPublished != id {
                if try handle.turn(wakeup) { return false }
                if ContinuousClock.now > end { throw SystemFault(code: ETIMEDOUT, what: "PUBLISH") }
            }
            return true
        }
    }

    @available(*, unavailable)
    extension MQTTSession: Sendable {}
#endif
