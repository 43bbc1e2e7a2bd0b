import ArgumentParser
import SeawayServer

/// HTTP/2 and its bounds; the names are those of INTERFACE.md, section 13.
struct HTTP2Options: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Offer HTTP/2 inside TLS.")
    var http2 = true

    @Flag(help: "Take HTTP/2 without TLS too, from clients that begin with it.")
    var http2Cleartext = false

    @Option(help: .count("Requests of one HTTP/2 connection at a time."))
    var http2MaxStreams = 100

    @Option(help: .count("Streams that a client may reset in 30s; then its connection ends."))
    var http2MaxResets = 200

    @Option(help: .count("PING, SETTINGS and the like that a client may send in 30s; then its connection ends."))
    var http2MaxControlFrames = 200

    func validate() throws {
        for (name, count) in [
            ("http2-max-streams", self.http2MaxStreams), ("http2-max-resets", self.http2MaxResets),
            ("http2-max-control-frames", self.http2MaxControlFrames),
        ] where !(1...1_000_000).contains(count) {
            throw ValidationError("--\(name) is \(count); allowed is 1 to 1000000.")
        }
    }

    var configuration: HTTP2Configuration {
        var configuration = HTTP2Configuration()
        configuration.isOffered = self.http2
        configuration.isTakenInClear = self.http2Cleartext
        configuration.maxStreams = self.http2MaxStreams
        configuration.maxResets = self.http2MaxResets
        configuration.maxControlFrames = self.http2MaxControlFrames
        return configuration
    }

    /// What is offered inside TLS, the preferred first.
    var protocols: [String] { self.http2 ? ["h2", "http/1.1"] : ["http/1.1"] }
}
