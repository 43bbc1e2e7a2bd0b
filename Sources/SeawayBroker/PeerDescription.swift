import CSeaway
import Logging
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Who is at the other end of a connection, as far as the kernel knows.
enum PeerDescription {
    /// The address, or the process behind a Unix socket and whose it is.
    static func metadata(of channel: any Channel) -> Logger.Metadata {
        guard let address = channel.remoteAddress, address.port != nil else { return Self.process(channel) }
        return ["address": "\(address.ipAddress ?? "?"):\(address.port ?? 0)"]
    }

    private static func process(_ channel: any Channel) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["address": "unix"]
        #if os(Linux)
            guard let options = channel as? any SocketOptionProvider else { return metadata }
            let answer: EventLoopFuture<cseaway_credentials> = options.unsafeGetSocketOption(
                level: .init(SOL_SOCKET), name: .init(SO_PEERCRED))
            // On the channel's own loop it is there at once.
            answer.assumeIsolated().whenSuccess { peer in
                metadata["pid"] = "\(peer.pid)"
                metadata["uid"] = "\(peer.uid)"
                metadata["gid"] = "\(peer.gid)"
            }
        #endif
        return metadata
    }
}
