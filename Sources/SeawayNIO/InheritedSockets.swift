import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Sockets that a process has from whoever started it: by systemd's protocol (sd_listen_fds(3)), or by a number alone.
package struct InheritedSockets: Hashable, Sendable {
    package struct Socket: Hashable, Sendable {
        package let descriptor: CInt
        /// `FileDescriptorName=` of the socket's unit; `unknown` where none is told.
        package let name: String
    }

    package let all: [Socket]

    /// - Parameters:
    ///   - variables: of the environment: `LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES`.
    ///   - process: this one's number; sockets for another are not ours.
    /// - Throws: when none was handed over.
    package init(_ variables: (String) -> String?, process: Int) throws(ListenFault) {
        guard let count = variables("LISTEN_FDS"), let owner = variables("LISTEN_PID") else {
            throw ListenFault(reason: "systemd has handed over no socket (LISTEN_FDS and LISTEN_PID are not set)")
        }
        guard Int(owner) == process else {
            throw ListenFault(reason: "LISTEN_PID is \(owner), another process than this one, \(process)")
        }
        guard let number = Int(count), (1...1_024).contains(number) else {
            throw ListenFault(reason: "LISTEN_FDS is \(count), no count of 1 to 1024")
        }
        let names = (variables("LISTEN_FDNAMES") ?? "").split(separator: ":", omittingEmptySubsequences: false)
        self.all = (0..<number).map { index in
            let name = index < names.count ? String(names[index]) : ""
            return Socket(descriptor: CInt(index + 3), name: name.isEmpty ? "unknown" : name)
        }
    }

    /// Those of this process.
    package static func ofProcess() throws(ListenFault) -> InheritedSockets {
        try InheritedSockets({ name in getenv(name).map { String(cString: $0) } }, process: Int(getpid()))
    }

    /// - Parameter name: `nil` for all.
    /// - Throws: when there is none.
    package func sockets(of name: String?) throws(ListenFault) -> [CInt] {
        guard let name else { return self.all.map(\.descriptor) }
        let found = self.all.filter { $0.name == name }
        guard !found.isEmpty else {
            let names = Set(self.all.map(\.name)).sorted().joined(separator: ", ")
            throw ListenFault(reason: "systemd has handed over no socket of this name, but \(names)")
        }
        return found.map(\.descriptor)
    }

    /// Makes sure that connections can be accepted from a descriptor, and that no program which this one starts gets
    /// it.
    ///
    /// - Parameter onlyLoopback: whether one that other machines reach is refused.
    /// - Throws: what it is instead.
    package static func check(_ descriptor: CInt, onlyLoopback: Bool = false) throws(ListenFault) {
        guard fcntl(descriptor, F_GETFD) >= 0 else { throw ListenFault(reason: "there is no descriptor \(descriptor)") }
        var type: CInt = 0
        guard Self.option(SO_TYPE, of: descriptor, &type) else {
            throw ListenFault(reason: "descriptor \(descriptor) is no socket")
        }
        #if canImport(Glibc)
            let stream = CInt(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        guard type == stream else { throw ListenFault(reason: "descriptor \(descriptor) is no stream socket") }
        var isListening: CInt = 0
        guard Self.option(SO_ACCEPTCONN, of: descriptor, &isListening), isListening != 0 else {
            throw ListenFault(reason: "descriptor \(descriptor) is a socket that does not listen")
        }
        if onlyLoopback, let address = try Self.address(of: descriptor), !ListenPlace.isLoopback(address) {
            throw ListenFault(
                reason:
                    "descriptor \(descriptor) is at \(ListenPlace.text(address)), which is reached from other machines")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Where it listens; `nil` for a Unix socket.
    private static func address(of descriptor: CInt) throws(ListenFault) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
        }
        guard isKnown else { throw ListenFault(reason: "descriptor \(descriptor) has no address") }
        switch CInt(storage.ss_family) {
        case AF_INET:
            return withUnsafePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
            }
        case AF_INET6:
            return withUnsafePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
            }
        case AF_UNIX: return nil
        default: throw ListenFault(reason: "descriptor \(descriptor) is a socket of another kind")
        }
    }

    private static func option(_ name: CInt, of descriptor: CInt, _ value: inout CInt) -> Bool {
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0
    }
}
