import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
package import SeawayBroker
import Synchronization

/// A client that knows nothing of the protocol: it sends bytes and waits for bytes.
package final class RawSocket: Sendable {
    /// The connection has ended before what was waited for.
    package struct Ended: Error, CustomStringConvertible {
        package let unread: [UInt8]
        package var description: String {
            "the connection has ended behind \(String(decoding: self.unread, as: UTF8.self))"
        }
    }

    private let channel: any Channel
    private let input: SocketInput

    private init(_ channel: any Channel, _ input: SocketInput) {
        self.channel = channel
        self.input = input
    }

    /// - Parameter receiveBuffer: bytes that the kernel takes for a client that does not read; `nil`: as usual.
    package static func connect(to address: Broker.Address, receiveBuffer: Int? = nil) async throws -> RawSocket {
        let input = SocketInput()
        let handshake = Handshake(isAwaited: address.isSecured)
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            // Before there is a connection, since its end may come with its beginning.
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if handshake.isAwaited {
                        try channel.pipeline.syncOperations.addHandler(TestIdentity.rawClient())
                        try channel.pipeline.syncOperations.addHandler(handshake)
                    }
                    try channel.pipeline.syncOperations.addHandler(input)
                }
            }
        if let receiveBuffer { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer) }
        let channel: any Channel =
            switch address {
            case .tcp(let host, let port), .tls(let host, let port):
                try await bootstrap.connect(host: host, port: port).get()
            case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
            case .handedOver: preconditionFailure("it is known by the address that its socket has")
            }
        // What is written before would wait for it.
        if handshake.isAwaited { try await handshake.done.futureResult.get() }
        return RawSocket(channel, input)
    }

    // MARK: Writing

    package func send(_ text: String) async throws { try await self.send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Ends this side of the stream.
    package func finish() async throws { try await self.channel.close(mode: .output).get() }

    /// Ends the connection.
    package func close() async {
        let channel = self.channel
        try? await channel.eventLoop.submit {
            // Below TLS, which would wait for a goodbye.
            let bottom = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self)
            if let bottom { bottom.close(promise: nil) } else { channel.close(promise: nil) }
        }.get()
        try? await channel.closeFuture.get()
    }

    /// Ends the connection as a lost machine would: with RST, where there is one.
    package func reset() async throws {
        if self.channel.remoteAddress?.port != nil {
            try await (self.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        await self.close()
    }

    // MARK: Reading

    /// Whether what comes is taken from the kernel.
    package func setReading(_ isReading: Bool) async throws {
        try await self.channel.setOption(.autoRead, value: isReading).get()
        if isReading { self.channel.read() }
    }

    /// The next line, without its LF.
    package func line() async throws -> String {
        let bytes = try await self.input.wait { bytes in bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } }
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    /// So many lines.
    package func lines(_ count: Int) async throws -> [String] {
        var lines: [String] = []
        for _ in 0..<count { lines.append(try await self.line()) }
        return lines
    }

    package func bytes(_ count: Int) async throws -> [UInt8] {
        try await self.input.wait { $0.count >= count ? count : nil }
    }

    /// Everything that has come, once that is what was waited for.
    package func all(when isEnough: @escaping @Sendable ([UInt8]) -> Bool) async throws -> [UInt8] {
        try await self.input.wait { isEnough($0) ? $0.count : nil }
    }

    /// Everything up to the end of the connection.
    package func rest() async throws -> [UInt8] { try await self.input.waitForEnd() }

    /// What has come and was not taken.
    package func takeReceived() -> [UInt8] { self.input.take() }

    package var hasEnded: Bool { self.input.hasEnded }
}

/// Waits until TLS has been agreed on.
private final class Handshake: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    let isAwaited: Bool
    let done = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)

    init(isAwaited: Bool) {
        self.isAwaited = isAwaited
        if !isAwaited { self.done.succeed(()) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { self.done.succeed(()) }
        context.fireUserInboundEventTriggered(event)
    }

    /// Also of a connection that did not come about.
    func handlerRemoved(context: ChannelHandlerContext) { self.done.fail(RawSocket.Ended(unread: [])) }
}

/// What has come in, and who waits for more of it.
private final class SocketInput: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    /// - Returns: how many bytes are to be taken; nil to wait on.
    typealias Condition = @Sendable ([UInt8]) -> Int?

    private struct Waiting {
        let condition: Condition
        let continuation: CheckedContinuation<[UInt8], any Error>
        let takesRest: Bool
    }

    private struct State {
        var bytes: [UInt8] = []
        var hasEnded = false
        var isCancelled = false
        var waiting: Waiting?

        mutating func settle() -> (CheckedContinuation<[UInt8], any Error>, Result<[UInt8], any Error>)? {
            guard let waiting = self.waiting else { return nil }
            if let count = waiting.condition(self.bytes) {
                let taken = Array(self.bytes.prefix(count))
                self.bytes.removeFirst(count)
                self.waiting = nil
                return (waiting.continuation, .success(taken))
            }
            guard self.hasEnded || self.isCancelled else { return nil }
            self.waiting = nil
            guard waiting.takesRest, self.hasEnded else {
                return (waiting.continuation, .failure(RawSocket.Ended(unread: self.bytes)))
            }
            defer { self.bytes = [] }
            return (waiting.continuation, .success(self.bytes))
        }
    }

    private let state = Mutex(State())

    var hasEnded: Bool { self.state.withLock { $0.hasEnded } }

    func take() -> [UInt8] {
        self.state.withLock { state in
            defer { state.bytes = [] }
            return state.bytes
        }
    }

    func wait(for condition: @escaping Condition) async throws -> [UInt8] {
        try await self.wait { Waiting(condition: condition, continuation: $0, takesRest: false) }
    }

    func waitForEnd() async throws -> [UInt8] {
        try await self.wait { Waiting(condition: { _ in nil }, continuation: $0, takesRest: true) }
    }

    private func wait(_ make: (CheckedContinuation<[UInt8], any Error>) -> Waiting) async throws -> [UInt8] {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let waiting = make(continuation)
                self.change { $0.waiting = waiting }
            }
        } onCancel: {
            self.change { $0.isCancelled = true }
        }
    }

    private func change(_ change: (inout State) -> Void) {
        let settled = self.state.withLock { state in
            change(&state)
            return state.settle()
        }
        if let (continuation, result) = settled { continuation.resume(with: result) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        self.change { $0.bytes += bytes.readableBytesView }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { self.change { $0.hasEnded = true } }
    }

    func channelInactive(context: ChannelHandlerContext) { self.change { $0.hasEnded = true } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
