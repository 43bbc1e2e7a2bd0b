import AsyncHTTPClient

/// Where spans are sent, and within which bounds.
public struct OTLPConfiguration: Sendable {
    /// Such as `http://127.0.0.1:4318/v1/traces`
    public let url: String
    /// `service.name`
    public var service: String
    /// What else every span says of this process, such as `deployment.environment.name`.
    public var resource: [(name: String, value: String)] = []
    /// Spans that may wait to be sent; more are dropped and counted.
    public var maxWaiting = 4_096
    /// Spans in one request, at most.
    public var batch = 512
    /// How long spans wait for others to be sent with.
    public var interval = Duration.seconds(1)
    /// How long one request may take, to the end of its answer.
    public var timeout = Duration.seconds(5)
    /// How long the same spans are sent again that the collector has not taken; 0: they are sent once.
    public var retry = Duration.seconds(60)
    /// How long all that waits at the end may take.
    public var lastTimeout = Duration.seconds(2)

    /// - Parameters:
    ///   - endpoint: `http` or `https`, with host and maybe port and path, to which `/v1/traces` is added unless it
    ///     ends so.
    ///   - service: the name of this kind of program.
    /// - Returns: `nil` when that is no such URL.
    public init?(endpoint: String, service: String = "seaway") {
        var url = endpoint
        while url.hasSuffix("/") { url.removeLast() }
        if !url.hasSuffix("/v1/traces") { url += "/v1/traces" }
        let isHTTP = url.hasPrefix("http://") || url.hasPrefix("https://")
        guard isHTTP, !url.contains("?"), !url.contains("#"), (try? HTTPClient.Request(url: url)) != nil else {
            return nil
        }
        self.url = url
        self.service = service
    }
}
