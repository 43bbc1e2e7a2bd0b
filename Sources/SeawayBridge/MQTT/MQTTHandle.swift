#if SEAWAY_MQTT
    import CMosquitto

    /// Where an MQTT broker is, and how it knows us.
    package struct MQTTAddress: Sendable, CustomStringConvertible {
        package let host: String
        package let port: Int
        package let user: String?
        package let password: String?
        /// The session that the broker keeps while we are away; nil: none.
        package let clientID: String?

        package init(host: String, port: Int, user: String?, password: String?, clientID: String?) {
            self.host = host
            self.port = port
            self.user = user
            self.password = password
            self.clientID = clientID
        }

        package var description: String { "mqtt \(self.host):\(self.port)" }
    }

    /// One session with an MQTT broker by libmosquitto; used by one thread.
    ///
    /// The delegate is called on that thread, from within ``read()``, ``write()`` and ``keepAlive()``.
    final class MQTTHandle {
        protocol Delegate: AnyObject {
            /// The broker has answered `CONNECT`; 0 is yes.
            func connected(code: CInt)
            func received(topic: [UInt8], payload: [UInt8])
            /// What was published has left, or was acknowledged, as its quality of service asks for.
            func published(id: CInt)
        }

        struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
            let description: String

            init(_ code: CInt) { self.description = String(cString: mosquitto_strerror(code)) }
            init(refusal code: CInt) { self.description = String(cString: mosquitto_connack_string(code)) }
        }

        /// Seconds between signs of life.
        private static let keepAliveTime: CInt = 30
        private static let isReady = mosquitto_lib_init() == 0

        private let handle: OpaquePointer
        private let delegate: any Delegate

        init(_ address: MQTTAddress, _ delegate: any Delegate) throws(Fault) {
            _ = Self.isReady
            guard let handle = mosquitto_new(address.clientID, address.clientID == nil, nil) else {
                throw Fault(MOSQ_ERR_NOMEM.code)
            }
            self.handle = handle
            self.delegate = delegate
            mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
            Self.setCallbacks(handle)
            try self.check(mosquitto_username_pw_set(handle, address.user, address.password))
            try self.check(mosquitto_connect(handle, address.host, CInt(address.port), Self.keepAliveTime))
        }

        deinit { mosquitto_destroy(self.handle) }

        private static func setCallbacks(_ handle: OpaquePointer) {
            mosquitto_connect_callback_set(handle) { _, context, code in
                MQTTHandle.of(context)?.delegate.connected(code: code)
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

        /// For waiting; negative when the connection is lost.
        var descriptor: CInt { mosquitto_socket(self.handle) }

        func subscribe(_ topic: String, qualityOfService: CInt) throws(Fault) {
            try self.check(mosquitto_subscribe(self.handle, nil, topic, qualityOfService))
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
            if mosquitto_want_write(self.handle) { try self.check(mosquitto_loop_write(self.handle, 1)) }
            switch wakeup.wait(for: self.descriptor, milliseconds: milliseconds) {
            case .woken: return true
            case .readable: try self.check(mosquitto_loop_read(self.handle, 1))
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
#endif
