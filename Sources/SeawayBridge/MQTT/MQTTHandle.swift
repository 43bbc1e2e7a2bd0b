import CMosquitto

/// One session with an MQTT broker by libmosquitto; used by one thread.
///
/// The delegate is called on that thread, from within ``turn(_:milliseconds:)``.
final class MQTTHandle {
    protocol Delegate: AnyObject {
        /// The broker has answered `CONNECT`; 0 is yes.
        func connected(code: CInt)
        /// The broker has answered `SUBSCRIBE`.
        func subscribed(id: CInt, codes: [CInt])
        func received(topic: [UInt8], payload: [UInt8])
        /// What was published has left, or was acknowledged, as its quality of service asks for.
        func published(id: CInt)
    }

    struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        let description: String
        /// Whether it is what was asked for that cannot be, and not the connection.
        let isFinal: Bool

        init(_ code: CInt) {
            self.description = String(cString: mosquitto_strerror(code))
            let final = [MOSQ_ERR_INVAL, MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_MALFORMED_UTF8, MOSQ_ERR_OVERSIZE_PACKET]
            self.isFinal = final.contains { $0.code == code }
        }

        init(refusal code: CInt) {
            self.description = String(cString: mosquitto_connack_string(code))
            self.isFinal = false
        }
    }

    private static let isReady = mosquitto_lib_init() == 0

    private let handle: OpaquePointer
    private let delegate: any Delegate

    /// Begins to connect, without waiting.
    ///
    /// - Parameter place: one address of the host, in numbers: looking up a name would hold the thread.
    init(_ address: MQTTAddress, at place: String, _ delegate: any Delegate) throws(Fault) {
        _ = Self.isReady
        guard let handle = mosquitto_new(address.clientID, address.clientID == nil, nil) else {
            throw Fault(MOSQ_ERR_NOMEM.code)
        }
        self.handle = handle
        self.delegate = delegate
        mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
        Self.setCallbacks(handle)
        try self.check(mosquitto_username_pw_set(handle, address.user, address.password))
        try self.check(
            mosquitto_connect_async(handle, place, CInt(address.port), CInt(clamping: address.keepAlive)))
    }

    deinit { mosquitto_destroy(self.handle) }

    private static func setCallbacks(_ handle: OpaquePointer) {
        mosquitto_connect_callback_set(handle) { _, context, code in
            MQTTHandle.of(context)?.delegate.connected(code: code)
        }
        mosquitto_subscribe_callback_set(handle) { _, context, id, count, codes in
            let codes = Array(UnsafeBufferPointer(start: codes, count: Int(count)))
            MQTTHandle.of(context)?.delegate.subscribed(id: id, codes: codes)
        }
        mosquitto_message_callback_set(handle) { _, context, message in
            guard let message = message?.pointee, let topic = message.topic else { return }
            let payload = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
            MQTTHandle.of(context)?.delegate.received(
                topic: Array(String(cString: topic).utf8), payload: Array(payload))
        }
        mosquitto_publish_callback_set(handle) { _, context, id in
            MQTTHandle.of(context)?.delegate.published(id: id)
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> MQTTHandle? {
        context.map { Unmanaged<MQTTHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    /// - Returns: the id that ``Delegate/subscribed(id:codes:)`` will tell.
    func subscribe(_ topic: String, qualityOfService: CInt) throws(Fault) -> CInt {
        var id: CInt = 0
        try self.check(mosquitto_subscribe(self.handle, &id, topic, qualityOfService))
        return id
    }

    /// - Returns: the id that ``Delegate/published(id:)`` will tell.
    func publish(_ payload: [UInt8], to topic: String, qualityOfService: CInt) throws(Fault) -> CInt {
        var id: CInt = 0
        try self.check(
            mosquitto_publish(self.handle, &id, topic, CInt(payload.count), payload, qualityOfService, false))
        return id
    }

    /// Waits for what comes, deals with it, and does what is due.
    ///
    /// - Returns: whether it was woken.
    func turn(_ wakeup: Wakeup, milliseconds: CInt = 1_000) throws(Fault) -> Bool {
        let descriptor = mosquitto_socket(self.handle)
        guard descriptor >= 0 else { throw Fault(MOSQ_ERR_NO_CONN.code) }
        let events: Wakeup.Events = mosquitto_want_write(self.handle) ? [.reading, .writing] : .reading
        switch wakeup.wait(for: descriptor, events, milliseconds: milliseconds) {
        case .woken: return true
        case .ready(let events):
            if events.contains(.writing) { try self.check(mosquitto_loop_write(self.handle, 1)) }
            if events.contains(.reading) { try self.check(mosquitto_loop_read(self.handle, 1)) }
        case .timedOut: break
        }
        try self.check(mosquitto_loop_misc(self.handle))
        return false
    }

    /// Says that we leave.
    func disconnect() { mosquitto_disconnect(self.handle) }

    private func check(_ code: CInt) throws(Fault) {
        guard code == MOSQ_ERR_SUCCESS.code else { throw Fault(code) }
    }
}

extension mosq_err_t {
    fileprivate var code: CInt { CInt(self.rawValue) }
}

@available(*, unavailable)
extension MQTTHandle: Sendable {}
