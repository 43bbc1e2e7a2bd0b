package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A host and a port to listen on, as somebody has written them.
package struct ListenPlace: Hashable, Sendable, CustomStringConvertible {
    /// A name, an address, or `*` for all addresses of this machine.
    package let host: String
    /// 0: one that is free.
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { Self.text(self.host, self.port) }

    /// With brackets where the colons of the host would be taken for the one before the port.
    package static func text(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    package static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return address.pathname ?? "?" }
        return self.text(host, port)
    }

    /// Whether only this machine reaches the address.
    package static func isLoopback(_ address: SocketAddress) -> Bool {
        guard let host = address.ipAddress else { return true }
        return host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.")
    }

    /// Every address that the host stands for, each once, in the system's order; for `*` all of both families.
    ///
    /// Looks names up on a thread of its own.
    package func addresses() async throws -> [SocketAddress] {
        guard self.host != "*" else {
            return try ["0.0.0.0", "::"].map { try SocketAddress(ipAddress: $0, port: self.port) }
        }
        if let address = try? SocketAddress(ipAddress: self.host, port: self.port) { return [address] }
        return try await NIOThreadPool.singleton.runIfActive { try Self.lookUp(self.host, self.port) }
    }

    /// Asks the system, which may take long.
    private static func lookUp(_ host: String, _ port: Int) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        #if canImport(Glibc)
            hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, nil, &hints, &first)
        guard result == 0 else {
            throw ListenFault(reason: "there is no host \(host): \(String(cString: gai_strerror(result)))")
        }
        defer { freeaddrinfo(first) }
        var addresses: [SocketAddress] = []
        for entry in sequence(first: first, next: { $0?.pointee.ai_next }) {
            guard let entry else { break }
            // Not those of one network interface alone, which stand for no address by themselves.
            guard let text = Self.numeric(entry.pointee),
                let address = try? SocketAddress(ipAddress: text, port: port), !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        guard !addresses.isEmpty else { throw ListenFault(reason: "the host \(host) has no address") }
        return addresses
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        var text = [CChar](repeating: 0, count: 256)
        let result = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard result == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Why something is not listened on.
package struct ListenFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let reason: String

    package init(reason: String) { self.reason = reason }

    package var description: String { self.reason }
}
