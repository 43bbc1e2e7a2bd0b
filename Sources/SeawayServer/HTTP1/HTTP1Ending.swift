import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// MARK: A client that sends nothing more
extension HTTP1Handler {
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { self.inputEnded() }
        context.fireUserInboundEventTriggered(event)
    }

    private func inputEnded() {
        self.clientEnd.came(at: self.core.now)
        // Without a way to close it there is no WebSocket.
        guard self.socket == nil else { return self.abort(.left) }
        if self.exchanges.isEmpty || self.clock.isLingering { return self.end() }
        self.askWhetherItIsThere()
    }

    /// Has the system ask the client's: one that has forgotten the connection answers with a reset, and one that is
    /// gone not at all.
    private func askWhetherItIsThere() {
        guard let socket = self.context?.channel as? any SocketOptionProvider else { return }
        #if os(Linux)
            let idle = TCP_KEEPIDLE
        #else
            let idle = TCP_KEEPALIVE
        #endif
        _ = socket.unsafeSetSocketOption(level: .socket, name: .so_keepalive, value: CInt(1))
        // Seconds until the first, seconds between two, and how many of them without an answer are enough.
        for (option, value) in [(idle, 5), (TCP_KEEPINTVL, 5), (TCP_KEEPCNT, 4)] as [(CInt, CInt)] {
            _ = socket.unsafeSetSocketOption(level: .tcp, name: .init(rawValue: option), value: value)
        }
    }

    /// Looks, at a sweep, whether a client that sends nothing more is there still.
    func lookAtEnd(at now: Moment) {
        guard self.clientEnd.hasCome else { return }
        if self.clock.isLingering { return self.closeWhenSent() }
        guard let first = self.exchanges.first else { return }
        let answer: ClientEnd.Answer =
            first.stream.hasBegun
            ? .begun(first.request.framing) : .notBegun(isHTTP10: first.request.isHTTP10)
        let delay = self.core.configuration.probeDelay
        switch self.clientEnd.probe(answer, delay: delay, isOpen: self.output.isOpen, at: now) {
        case .interim: self.write(self.core.writer.goOn())
        case .leadingZero: self.write(self.core.writer.leadingZero())
        case nil: return
        }
        self.context?.flush()
    }

    /// Ends the connection with the last byte of what was written, which the system then goes on sending.
    func closeWhenSent() {
        guard let context = self.context, self.core.outgoing(context.channel).held == 0 else { return }
        context.close(promise: nil)
    }
}
