import ArgumentParser
import Logging
import SeawayBroker
import SeawayNIO

/// Where a broker listens, and who may do what there.
struct ListenerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address for clients: host:port (* stands for all), fd:n or systemd[:name] for sockets of whoever starts the process, each with tls:// in front for TLS; repeat it for more; 127.0.0.1:7411 unless any is given.",
            valueName: "address"))
    var listen: [ListenOption] = []

    @Option(help: ArgumentHelp("Unix socket for clients; repeat it for more.", valueName: "path"))
    var unixSocket: [String] = []

    @Option(help: ArgumentHelp("Who may open Unix sockets, as for chmod.", valueName: "mode"))
    var unixMode = FileMode(bits: 0o600)

    @Option(
        help: ArgumentHelp(
            "Who may do what, a token a line (see seaway help token); without it: everybody everything, and on this machine only.",
            valueName: "path"))
    var tokens: String?

    @OptionGroup var tls: ServerTLSOptions

    func validate() throws {
        let asked = self.addresses
        if self.tokens == nil, let open = asked.first(where: \.isReachedFromElsewhere) {
            throw ValidationError(
                "--listen \(open) is reached from other machines, where everybody could do everything: give --tokens (seaway help token add makes them)."
            )
        }
        if self.tls.tlsCertificate == nil, let secured = asked.first(where: \.isSecured) {
            throw ValidationError("--listen \(secured): give --tls-certificate and --tls-key.")
        }
        if self.tls.tlsCertificate != nil, !asked.contains(where: \.isSecured) {
            throw ValidationError("--tls-certificate: no --listen has an address with tls:// in front.")
        }
    }

    /// TCP at 127.0.0.1:7411 unless something else is asked for.
    var addresses: [Broker.Address] {
        let asked = self.listen.map(\.address) + self.unixSocket.map { Broker.Address.unix(path: $0) }
        return asked.isEmpty ? [.tcp(host: "127.0.0.1", port: 7_411)] : asked
    }

    /// Those whose sockets the process has already.
    var handedOver: [ListenAddress] {
        self.addresses.compactMap { if case .handedOver(let place, _) = $0 { place } else { nil } }
    }

    private var tokenFile: TokenFile? { self.tokens.map { TokenFile(path: $0) } }

    /// With what the files hold; one that cannot be used ends the process with 64 and one clear line.
    func configuration(
        of broker: BrokerOptions, _ durable: DurableOptions, _ logger: Logger
    ) throws -> BrokerConfiguration {
        var configuration = broker.configuration
        try durable.apply(to: &configuration, broker, logger)
        configuration.unixMode = self.unixMode.bits
        configuration.tokens = try self.tokenFile.map { file in
            try Process.needing("--tokens") { try file.read() }
        }
        configuration.tls = try Process.needing("--tls-certificate, --tls-key, --tls-client-ca") {
            try self.tls.load()
        }
        return configuration
    }

    /// - Parameter others: what else the process listens on; no socket of it may be the same.
    /// - Returns: the first address that is listened on now.
    @discardableResult
    func open(_ broker: Broker, besides others: [ListenAddress] = [], _ logger: Logger) async throws -> String {
        let handedOver = self.handedOver
        if !handedOver.isEmpty {
            let all = handedOver + others
            _ = try await Process.claiming(all.map(\.description).joined(separator: ", ")) {
                try Listeners.descriptors(of: all)
            }
        }
        var first: String?
        for address in self.addresses {
            for bound in try await Process.claiming(
                address.description, { try await broker.listen(on: address) })
            {
                logger.info("listening", metadata: ["address": "\(bound)"])
                first = first ?? bound.description
            }
        }
        return first ?? "here"
    }

    /// What SIGHUP has the broker read again.
    ///
    /// - Parameters:
    ///   - path: where these options are in a command.
    ///   - limits: the broker's others.
    ///   - drain: how long it may take to leave, in milliseconds.
    func parts<Command>(
        _ broker: Broker, _ path: any KeyPath<Command, ListenerOptions> & Sendable,
        _ limits: any KeyPath<Command, BrokerOptions> & Sendable, _ drain: LiveSetting<Int>
    ) -> [Reloading<Command>.Part] {
        let (hasTokens, hasTLS) = (self.tokens != nil, self.tls.tlsCertificate != nil)
        return [
            .init(what: "tokens") { command in
                guard hasTokens, let file = command[keyPath: path].tokenFile else { return nil }
                let tokens = try file.read()
                return { try await broker.replaceTokens(tokens) }
            },
            .init(what: "certificates") { command in
                guard hasTLS, let tls = try command[keyPath: path].tls.load() else { return nil }
                return { try await broker.replaceTLS(tls) }
            },
            .init(what: nil) { command in
                let options = command[keyPath: limits]
                let configuration = options.configuration
                return {
                    try await broker.replaceLimits(configuration)
                    drain.value = options.drain.milliseconds
                }
            },
        ]
    }

    /// What may change while a broker runs.
    static let changeable: Set<String> = ["tokens", "tls-certificate", "tls-key", "tls-client-ca", "tls-client"]
}

/// What a broker shows on its TLS addresses, and what it asks for there.
struct ServerTLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The broker's certificate for tls:// addresses, in PEM, with those that vouch for it behind.",
            valueName: "path"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The key of that certificate, in PEM.", valueName: "path"))
    var tlsKey: String?

    @Option(help: ArgumentHelp("Authorities that vouch for clients, in PEM.", valueName: "path"))
    var tlsClientCa: String?

    @Option(help: "With --tls-client-ca, whether a client has to show a certificate.")
    var tlsClient = ServerTLS.ClientCertificates.required

    func validate() throws {
        guard (self.tlsCertificate == nil) == (self.tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together.")
        }
        guard self.tlsCertificate != nil || self.tlsClientCa == nil else {
            throw ValidationError("--tls-client-ca needs --tls-certificate and --tls-key.")
        }
    }

    /// `nil` where no TLS is asked for.
    func load() throws -> ServerTLS? {
        guard let tlsCertificate, let tlsKey else { return nil }
        return try ServerTLS(
            certificate: tlsCertificate, key: tlsKey, clientAuthorities: self.tlsClientCa, clients: self.tlsClient)
    }
}

extension ServerTLS.ClientCertificates: ExpressibleByArgument {}

/// Octal, as for chmod: `600`, `0660`.
struct FileMode: ExpressibleByArgument, CustomStringConvertible {
    let bits: Int

    init(bits: Int) { self.bits = bits }

    init?(argument: String) {
        guard (3...4).contains(argument.utf8.count), let bits = Int(argument, radix: 8), (0...0o777).contains(bits)
        else { return nil }
        self.bits = bits
    }

    var description: String { String(self.bits, radix: 8) }
    var defaultValueDescription: String { self.description }
}
