import ArgumentParser
import NIOCore
import NIOPosix
import SeawayBroker
import SeawayClient
import SeawayConfiguration
import SeawayConsole
import SeawayNIO
import SeawayServer

/// What a command would do on this machine, were it started with a configuration.
struct ConfiguredProcess {
    private(set) var listenings: [ListeningFacts] = []
    private(set) var descriptors = 0
    private(set) var memory = 0
    /// What is wrong with it, or with its files.
    private(set) var findings: [Finding] = []
    /// Where its clients find it, and where it finds brokers.
    private(set) var brokers: [String] = []

    /// - Parameter seconds: since 1970.
    init(_ words: [String], now seconds: Int) {
        do {
            let launch = try Launch(words)
            do {
                switch try Seaway.parseAsRoot(launch.arguments) {
                case let command as BrokerCommand:
                    self.take(command.listeners, command.broker, seconds)
                    self.take(command.admin)
                case let command as ServeCommand:
                    self.take(command.server, seconds)
                    self.take(command.admin)
                    self.brokers = command.brokers.broker.map(\.address.description)
                case let command as UpCommand:
                    self.take(command.listeners, command.broker, seconds)
                    self.take(command.server, seconds)
                    self.take(command.admin)
                default: break
                }
            } catch {
                let message = Seaway.message(for: error)
                self.findings.append(
                    Finding(.fail, "configuration of \(words[0])", launch.settings?.naming(message) ?? message))
            }
        } catch {
            self.findings += error.all.map { Finding(.fail, "configuration", "\($0)") }
        }
    }

    private mutating func take(_ listeners: ListenerOptions, _ limits: BrokerOptions, _ seconds: Int) {
        for address in listeners.addresses {
            self.listenings.append(
                ListeningFacts(
                    .broker, address.description, isReachedFromElsewhere: address.isReachedFromElsewhere,
                    isSecured: address.isSecured, needsTokens: listeners.tokens != nil))
        }
        self.descriptors += limits.maxConnections + limits.maxLingering + 128
        self.memory += limits.maxMemory.bytes
        self.brokers += listeners.addresses.compactMap(\.asSeenByClients)
        self.look("certificate of the broker", seconds) { try listeners.tls.load() }
        guard let path = listeners.tokens else { return }
        do throws(TokenFile.Fault) {
            let names = try TokenFile(path: path).read().names
            self.findings.append(
                Finding(
                    names.isEmpty ? .warn : .ok, "tokens", "\(path) has \(names.count)",
                    advice: names.isEmpty ? "seaway help token add" : nil))
        } catch {
            self.findings.append(Finding(.fail, "tokens", "\(error)"))
        }
    }

    private mutating func take(_ admin: AdminOptions) {
        for (kind, place) in [(ListeningFacts.Kind.metrics, admin.metrics?.place), (.admin, admin.admin?.place)] {
            guard let place else { continue }
            self.listenings.append(
                ListeningFacts(
                    kind, place.description,
                    isReachedFromElsewhere: Broker.Address.tcp(host: place.host, port: place.port)
                        .isReachedFromElsewhere,
                    isSecured: false, needsTokens: admin.adminTokenFile != nil))
        }
    }

    private mutating func take(_ server: ServerOptions, _ seconds: Int) {
        for address in server.addresses.addresses {
            self.listenings.append(
                ListeningFacts(
                    .http, address.description, isReachedFromElsewhere: address.isReachedFromElsewhere,
                    isSecured: !server.tls.httpTlsCertificate.isEmpty, needsTokens: false))
        }
        self.descriptors += server.maxHttpConnections + 128
        self.memory += server.maxHttpMemory.bytes
        self.look("certificate for HTTP", seconds) { try server.tls.load(protocols: []) }
    }

    private mutating func look(_ about: String, _ seconds: Int, _ load: () throws -> ServerTLS?) {
        do {
            guard let tls = try load() else { return }
            let warnings = tls.warnings(at: seconds)
            self.findings += warnings.map { Finding(.warn, about, $0, advice: "renew it, and send SIGHUP") }
            if warnings.isEmpty { self.findings.append(Finding(.ok, about, "it can be used, and is valid now")) }
        } catch {
            self.findings.append(Finding(.fail, about, PlainWords.of(error)))
        }
    }
}

extension Broker.Address {
    /// `nil` where that does not show.
    fileprivate var asSeenByClients: String? {
        switch self {
        case .tcp(let host, let port): ListenPlace.text(Self.reachable(host), port)
        case .tls(let host, let port): "tls://\(ListenPlace.text(Self.reachable(host), port))"
        case .unix(let path): "unix:\(path)"
        case .handedOver: nil
        }
    }

    private static func reachable(_ host: String) -> String {
        ["*", "0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
    }
}

extension ListenAddress {
    fileprivate var isReachedFromElsewhere: Bool {
        guard case .tcp(let place) = self else { return false }
        return Broker.Address.tcp(host: place.host, port: place.port).isReachedFromElsewhere
    }
}

extension ListeningFacts {
    /// The same with what is there now: somebody who takes a connection, which is closed at once.
    func looked() async -> ListeningFacts {
        var facts = self
        facts.isListening = await Self.isListening(self.address)
        return facts
    }

    private static func isListening(_ address: String) async -> Bool? {
        guard let listen = try? ListenOption(checking: address).address, let text = listen.asSeenByClients else {
            return nil
        }
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.seconds(1))
        do {
            let channel: any Channel
            switch listen {
            case .unix(let path): channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
            default:
                let place = try AddressText(text.hasPrefix("tls://") ? String(text.dropFirst(6)) : text)
                guard place.port > 0 else { return nil }
                channel = try await bootstrap.connect(host: place.host, port: place.port).get()
            }
            try? await channel.close()
            return true
        } catch {
            return false
        }
    }
}
