import Logging
import NIOCore
import NIOHTTP2
import SeawayNIO

/// One connection of HTTP/2: knows its streams, watches whether the client takes anything, and ends it.
final class HTTP2Connection: ChannelInboundHandler, ServerConnection {
    typealias InboundIn = HTTP2Frame

    private let core: ServerCore
    private var predecessor: (any ServerConnection)?
    private var streams: [ObjectIdentifier: HTTP2Stream] = [:]
    /// `nil` before the connection is there and after it is gone.
    private var context: ChannelHandlerContext?
    private(set) var addresses = ConnectionAddresses()
    /// Why the connection ends, if it does before an answer is whole.
    private(set) var ending = RequestEnd.left
    /// Whether the client takes what is written to it.
    private var output: TakenBytes
    private var clock: HTTP2Clock

    /// - Parameter predecessor: what has held this connection's place before.
    init(core: ServerCore, inPlaceOf predecessor: any ServerConnection) {
        self.core = core
        self.predecessor = predecessor
        self.output = TakenBytes(now: core.now)
        self.clock = HTTP2Clock(now: core.now)
    }

    var writer: HTTP2AnswerWriter {
        HTTP2AnswerWriter(server: self.core.configuration.serverField, date: self.core.writer.date)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.addresses = ConnectionAddresses(context.channel)
        guard let predecessor = self.predecessor.take(), self.core.enter(self, inPlaceOf: predecessor) else {
            return context.closeAtOnce()
        }
        self.core.counters.http2.connections += 1
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.clientLeft() }

    func channelInactive(context: ChannelHandlerContext) {
        self.clientLeft()
        context.fireChannelInactive()
    }

    private func clientLeft() {
        self.context = nil
        self.core.leave(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let fault = HTTP2Fault(error) else { return }
        if error is any NIOHTTP2Error {
            self.core.counters.http2.ended[fault, default: 0] += 1
            self.core.logger.debug("a connection of HTTP/2 is ended", metadata: ["error": "\(error)"])
        }
        // What it says of that has been written.
        context.closeAtOnce()
    }

    // MARK: Streams

    func enter(_ stream: HTTP2Stream) {
        self.streams[ObjectIdentifier(stream)] = stream
        self.core.counters.http2.streams += 1
    }

    func leave(_ stream: HTTP2Stream) {
        guard self.streams.removeValue(forKey: ObjectIdentifier(stream)) != nil else { return }
        if self.streams.isEmpty { self.clock.becameIdle(at: self.core.now) }
    }

    func wrote() { self.output.wrote(at: self.core.now) }

    // MARK: What the server sees to

    func sweep(at now: Moment) {
        guard let context = self.context else { return }
        for stream in self.streams.values { stream.sweep(at: now) }
        if self.output.isOpen { self.output.look(self.core.outgoing(context.channel), at: now) }
        let times = self.core.configuration
        if self.output.isStalled(for: times.clientStallTimeout, at: now) {
            self.core.counters.stalledClients += 1
            return self.abort(.stalled)
        }
        switch self.clock.expiry(at: now, isBusy: !self.streams.isEmpty || self.output.isOpen, times: times) {
        case .none: break
        case .leave: self.drain()
        case .close: self.abort(.left)
        }
    }

    /// Says GOAWAY, and ends behind the last stream (I25).
    func drain() {
        self.clock.saidGoodbye(at: self.core.now)
        self.context?.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    func abort(_ ending: RequestEnd) {
        self.ending = ending
        self.context?.closeAtOnce()
    }
}

@available(*, unavailable)
extension HTTP2Connection: Sendable {}
