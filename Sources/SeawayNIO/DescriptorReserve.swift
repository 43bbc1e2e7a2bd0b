#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The last descriptors of the process, which no accepted connection may take.
///
/// Others need them too: a connection to the broker, a file that is read again; and where there is none at all, Linux's
/// libdispatch ends the process, since it opens files in `/proc` to see how busy its threads are.
package struct DescriptorReserve: Hashable, Sendable {
    /// From this number on they are kept back.
    package let first: Int

    /// - Parameter limit: of the process (`RLIMIT_NOFILE`).
    package init(limit: Int) { self.first = limit - min(16, limit / 4) }

    /// Of the limit that is in force now.
    package init() {
        var limit = rlimit()
        #if canImport(Glibc)
            let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            let result = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        self.init(limit: result == 0 ? Int(clamping: limit.rlim_cur) : Int.max)
    }

    /// Whether a connection has got one of them. The system hands out the lowest number that is free: all others are
    /// taken then.
    package func begins(at descriptor: CInt) -> Bool { Int(descriptor) >= self.first }

    /// Whether none is left but these.
    package var isAllThatIsLeft: Bool {
        let lowest = dup(STDIN_FILENO)
        // Without standard input it is any other that cannot be had.
        guard lowest >= 0 else { return errno == EMFILE || errno == ENFILE }
        defer { close(lowest) }
        return self.begins(at: lowest)
    }
}
