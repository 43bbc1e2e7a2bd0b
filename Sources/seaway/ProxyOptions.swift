import ArgumentParser
import SeawayNIO
import SeawayServer

/// What proxies in front of an interface server say of its clients, and who is trusted.
struct ProxyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Trusted proxies: an address, a network (10.0.0.0/8), or unix for all that come by Unix sockets; nobody unless given; repeat it.",
            valueName: "network"))
    var trustedProxy: [TrustedProxyOption] = []

    @Flag(help: "Connections of those proxies begin with a header of the PROXY protocol, version 1 or 2.")
    var proxyProtocol = false

    @Option(help: .time("How long that header may take."))
    var proxyProtocolTimeout = TimeOption(milliseconds: 5_000)

    @Option(
        help: ArgumentHelp(
            "Fields in which those proxies tell of clients, and in which nobody else is heard: forwarded (RFC 7239), x-forwarded or none.",
            valueName: "fields"))
    var forwarded = Forwarding.Family.none

    @Flag(help: "Take the host of these fields for the request's own.")
    var forwardedHost = false

    @Option(help: .count("Connections from one address, or one /64 of IPv6, besides those proxies; 0: any number."))
    var maxConnectionsPerAddress = 0

    func validate() throws {
        let isUsed = self.proxyProtocol || self.forwarded != .none
        if isUsed, self.trustedProxy.isEmpty {
            throw ValidationError(
                "--\(self.proxyProtocol ? "proxy-protocol" : "forwarded"): say who is trusted to set them, with --trusted-proxy."
            )
        }
        if self.forwardedHost, self.forwarded == .none {
            throw ValidationError("--forwarded-host: say in which fields, with --forwarded.")
        }
        guard self.proxyProtocolTimeout.milliseconds > 0 else {
            throw ValidationError("--proxy-protocol-timeout is longer than 0.")
        }
        guard (0...1_000_000).contains(self.maxConnectionsPerAddress) else {
            throw ValidationError(
                "--max-connections-per-address is \(self.maxConnectionsPerAddress); allowed is 0 to 1000000.")
        }
    }

    func apply(to configuration: inout ServerConfiguration) {
        for option in self.trustedProxy { configuration.forwarding.trusted += option.peers }
        configuration.forwarding.family = self.forwarded
        configuration.forwarding.believesHost = self.forwardedHost
        configuration.takesProxyHeaders = self.proxyProtocol
        configuration.proxyHeaderTimeout = self.proxyProtocolTimeout.duration
        configuration.maxConnectionsPerAddress = self.maxConnectionsPerAddress
    }
}

/// Who is trusted: an address, a network or `unix`.
struct TrustedProxyOption: CheckedArgument {
    let peers: TrustedPeers

    init(checking argument: String) throws {
        do throws(IPNetwork.Fault) {
            self.peers = try TrustedPeers(argument)
        } catch {
            throw ValidationError(
                "\(argument.isEmpty ? "''" : argument) is no network, \(error): an address, 10.0.0.0/8, 2001:db8::/32 or unix."
            )
        }
    }
}

extension Forwarding.Family: ExpressibleByArgument {}
