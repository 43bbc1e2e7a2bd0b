/// Where an MQTT broker is, how it knows us, and how long it may be silent.
package struct MQTTAddress: Sendable, CustomStringConvertible {
    package let host: String
    package let port: Int
    package let user: String?
    package let password: String?
    /// The session that the broker keeps while we are away; nil: none.
    package let clientID: String?
    package let limits: ServiceLimits

    package init(
        host: String, port: Int, user: String?, password: String?, clientID: String?, limits: ServiceLimits
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.clientID = clientID
        self.limits = limits
    }

    package var description: String { "mqtt \(self.host):\(self.port)" }

    /// Seconds without a packet after which we send one; libmosquitto takes no less than 5. As many later without an
    /// answer the connection is given up.
    var keepAlive: Int { max(5, Int(self.limits.quiet.milliseconds) / 1_000) }
}
