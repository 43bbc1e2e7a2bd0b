package import NIOCore

/// What all WebSockets of one event loop share: configuration, clock, counters, compressors, and one flush per loop turn.
package final class WebSocketCore {
    package let configuration: WebSocketConfiguration
    package internal(set) var counters = WebSocketCounters()
    /// As of the last sweep.
    package private(set) var now: Moment

    /// - Parameter eventLoop: of all peers; nothing here may be called from another thread.
    package init(configuration: WebSocketConfiguration, eventLoop: any EventLoop, now: Moment) {
        self.configuration = configuration
        self.now = now
    }

    /// Looks for what has waited too long, in every peer.
    package func sweep(at now: Moment) { self.now = now }
}

@available(*, unavailable)
extension WebSocketCore: Sendable {}
