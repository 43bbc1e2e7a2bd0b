import CVersion
import SeawayWire

/// The release, as `seaway --version` and the `Server` field tell it.
enum Version {
    static let current = "0.1.0"

    /// What `seaway --version` prints.
    static let text = """
        seaway \(current)\(commit.isEmpty ? "" : ", commit \(commit)")
        wire protocol 1: \(WireFeatures.names.joined(separator: " "))
        HTTP/1.1, HTTP/2, WebSocket (RFC 6455, 7692, 8441)
        """

    /// Where the sources were not built by the project's own scripts nobody says which they are.
    static var commit: String { String(cString: cversion_commit()) }
}
