import SeawayMessage

/// What a server says of itself in `INFO`.
package struct NATSServerInfo: Hashable, Sendable {
    package var id = ""
    package var name = ""
    package var version = ""
    package var cluster: String?
    /// Bytes of a message, its headers included.
    package var maxPayload = 1_048_576
    package var hasJetStream = false
    package var hasHeaders = false
    package var needsTLS = false
    package var hasTLS = false
    /// The server is about to leave.
    package var isLameDuck = false
    /// What is to be signed, where a key is asked for.
    package var nonce: String?
    /// The servers of the cluster, as `HOST:PORT`.
    package var servers: [String] = []

    package init() {}

    /// - Returns: `nil` for bytes that are no JSON map.
    init?(_ json: Span<UInt8>) {
        let text = json.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        guard let map = try? Message(json: text) else { return nil }
        self.id = map["server_id"]?.string ?? ""
        self.name = map["server_name"]?.string ?? self.id
        self.version = map["version"]?.string ?? ""
        self.cluster = map["cluster"]?.string
        self.maxPayload = map["max_payload"]?.int.map { Int(max(0, $0)) } ?? 1_048_576
        self.hasJetStream = map["jetstream"]?.bool ?? false
        self.hasHeaders = map["headers"]?.bool ?? false
        self.needsTLS = map["tls_required"]?.bool ?? false
        self.hasTLS = self.needsTLS || map["tls_available"]?.bool ?? false
        self.isLameDuck = map["ldm"]?.bool ?? false
        self.nonce = map["nonce"]?.string
        self.servers = map["connect_urls"]?.list?.compactMap(\.string) ?? []
    }

    /// Whether the version is at least that one; unknown ones are not.
    package func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        let numbers = self.version.split(separator: ".").prefix(2).map { Int($0) ?? -1 }
        guard numbers.count == 2 else { return false }
        return (numbers[0], numbers[1]) >= (major, minor)
    }
}
