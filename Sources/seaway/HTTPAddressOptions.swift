import ArgumentParser
import Logging
import SeawayNIO
import SeawayServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where an interface server listens.
struct HTTPAddressOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address for HTTP and WebSocket: host:port (* stands for all), unix:path?mode=660, fd:n or systemd[:name] for sockets of whoever starts the process; repeat it for more; 127.0.0.1:8000 unless any is given.",
            valueName: "address"))
    var http: [HTTPAddressOption] = []

    @Flag(help: "Let other processes of this user listen at the same host:port (SO_REUSEPORT).")
    var reusePort = false

    func validate() throws {
        let addresses = self.addresses
        for (index, address) in addresses.enumerated() where addresses[..<index].contains(address) {
            throw ValidationError("--http \(address) is there twice.")
        }
        let isOfSystemd = addresses.map { if case .systemd(nil) = $0 { true } else { false } }
        if isOfSystemd.contains(true),
            addresses.contains(where: { if case .systemd(.some) = $0 { true } else { false } })
        {
            throw ValidationError("--http systemd stands for all sockets that systemd hands over, of every name.")
        }
        if self.reusePort, !addresses.contains(where: { if case .tcp = $0 { true } else { false } }) {
            throw ValidationError("--reuse-port: no --http has a host and a port.")
        }
    }

    var addresses: [ListenAddress] {
        let asked = self.http.map(\.address)
        let addresses = asked.isEmpty ? ServerConfiguration().addresses : asked
        guard self.reusePort else { return addresses }
        return addresses.map { address in
            guard case .tcp(var place) = address else { return address }
            place.isShared = true
            return .tcp(place)
        }
    }

    /// All of them, for people.
    var text: String { self.addresses.map(\.description).joined(separator: ", ") }

    /// Says what a restart with a shared port may cost here, if anything.
    func warn(_ logger: Logger) {
        guard self.reusePort, let setting = Self.migration, setting == "0" else { return }
        logger.notice(
            "connections that clients are making when a process leaves its port may be reset: sysctl net.ipv4.tcp_migrate_req=1"
        )
    }

    /// Whether Linux gives the connections of a listener that closes to another of the same port; `nil` elsewhere.
    private static var migration: String? {
        let descriptor = open("/proc/sys/net/ipv4/tcp_migrate_req", O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) == 1 ? String(decoding: [byte], as: UTF8.self) : nil
    }
}
