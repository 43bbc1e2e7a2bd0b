package import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Outgoing {
    /// Asks the channel, and the kernel behind it; on the channel's event loop only.
    package init(_ channel: any Channel) {
        let buffered = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        let kernel = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            KernelOutput($0)
        }
        // Two levels of `nil`: a channel without a socket, a socket of which the system tells nothing.
        guard let kernel = kernel ?? nil else {
            self.init(waiting: buffered, taken: nil, held: buffered)
            return
        }
        self.init(waiting: buffered + kernel.waiting, taken: kernel.taken, held: buffered)
    }
}

/// What the kernel holds of a socket's output.
private struct KernelOutput {
    var waiting: Int
    var taken: UInt64?

    #if os(Linux)
        /// Linux's `struct tcp_info`, of which the C library's headers show less than the kernel tells.
        private static let size = 256
        /// `tcpi_unacked`, in segments.
        private static let unacknowledged = 24
        /// `tcpi_bytes_acked`, since Linux 4.1
        private static let acknowledgedBytes = 120
        /// `tcpi_notsent_bytes`, since Linux 4.6
        private static let unsentBytes = 144

        init?(_ socket: NIOBSDSocket.Handle) {
            let told: KernelOutput? = withUnsafeTemporaryAllocation(byteCount: Self.size, alignment: 8) { info in
                var length = socklen_t(info.count)
                guard getsockopt(socket, CInt(IPPROTO_TCP), TCP_INFO, info.baseAddress, &length) == 0,
                    Int(length) >= Self.unsentBytes + 4
                else { return nil }
                let segments = info.load(fromByteOffset: Self.unacknowledged, as: UInt32.self)
                let unsent = info.load(fromByteOffset: Self.unsentBytes, as: UInt32.self)
                // Segments in place of their bytes will do: whether it is nothing is what matters.
                return KernelOutput(
                    waiting: Int(segments) + Int(unsent),
                    taken: info.load(fromByteOffset: Self.acknowledgedBytes, as: UInt64.self))
            }
            guard let told else { return nil }
            self = told
        }

        private init(waiting: Int, taken: UInt64) {
            self.waiting = waiting
            self.taken = taken
        }
    #elseif canImport(Darwin)
        init?(_ socket: NIOBSDSocket.Handle) {
            var held: CInt = 0
            var length = socklen_t(MemoryLayout<CInt>.size)
            guard getsockopt(socket, SOL_SOCKET, SO_NWRITE, &held, &length) == 0 else { return nil }
            self.waiting = Int(held)
        }
    #else
        init?(_ socket: NIOBSDSocket.Handle) { return nil }
    #endif
}
