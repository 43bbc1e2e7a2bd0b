import ArgumentParser
import SeawayNATS
import SeawayNIO

/// How the servers of a store are reached.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the servers ask of clients: a .creds file; a seed (SU…); or lines user= and password=, or token=.",
            valueName: "path"))
    var storeCredentials: String?

    @Option(
        help: ArgumentHelp(
            "Authorities that vouch for the servers, in PEM; then there is TLS at each of them (default, at tls:// "
                + "addresses: those of this machine).", valueName: "path"))
    var storeTlsCa: String?

    @Option(
        help: ArgumentHelp("This client's own certificate, in PEM, for servers that ask for one.", valueName: "path"))
    var storeTlsCertificate: String?

    @Option(help: ArgumentHelp("The key of that certificate, in PEM.", valueName: "path"))
    var storeTlsKey: String?

    @Flag(help: "The servers begin with TLS, before they say anything (their handshake_first).")
    var storeTlsFirst = false

    @Option(help: ArgumentHelp("How many servers are to have each message: 1 to 5.", valueName: "count"))
    var storeReplicas = 3

    func validate() throws {
        guard (1...5).contains(self.storeReplicas) else {
            throw ValidationError("--store-replicas is \(self.storeReplicas); allowed is 1 to 5.")
        }
        guard (self.storeTlsCertificate == nil) == (self.storeTlsKey == nil) else {
            throw ValidationError("--store-tls-certificate and --store-tls-key belong together.")
        }
        _ = try self.identity()
        _ = try self.credentials()
    }

    /// - Returns: `nil`: what this machine trusts, where a server has TLS.
    func identity() throws -> ClientIdentity? {
        guard self.storeTlsCa != nil || self.storeTlsCertificate != nil else { return nil }
        do {
            return try ClientIdentity(
                authorities: self.storeTlsCa, certificate: self.storeTlsCertificate, key: self.storeTlsKey)
        } catch {
            throw ValidationError("--store-tls-ca, --store-tls-certificate, --store-tls-key: \(error).")
        }
    }

    private func credentials() throws -> NATSCredentials {
        guard let path = self.storeCredentials else { return .none }
        do {
            let text = String(decoding: try RegularFile.bytes(path, most: 65_536), as: UTF8.self)
            return try NATSCredentials(file: text)
        } catch let error as NATSCredentials.Fault {
            throw ValidationError("--store-credentials: \(path) cannot be used: \(error).")
        } catch {
            throw ValidationError("--store-credentials: \(error).")
        }
    }

    func configuration(_ servers: [NATSAddress], name: String) throws -> NATSConfiguration {
        var configuration = NATSConfiguration(servers: servers)
        configuration.credentials = try self.credentials()
        configuration.needsTLS = self.storeTlsCa != nil || self.storeTlsCertificate != nil || self.storeTlsFirst
        configuration.beginsWithTLS = self.storeTlsFirst
        configuration.name = name
        return configuration
    }
}

/// `nats://HOST:PORT`, several with commas between them.
struct StoreAddresses: CheckedArgument {
    let servers: [NATSAddress]

    init(checking argument: String) throws {
        do throws(NATSAddress.Fault) {
            self.servers = try NATSAddress.list(argument)
        } catch {
            throw ValidationError("\(error).")
        }
    }
}
