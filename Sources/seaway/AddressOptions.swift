import ArgumentParser
import SeawayBroker
import SeawayClient
import SeawayNIO

/// Where HTTP is taken: what ``ListenAddress`` reads.
struct HTTPAddressOption: CheckedArgument {
    let address: ListenAddress

    init(checking argument: String) throws {
        do throws(AddressText.Fault) {
            self.address = try ListenAddress(argument)
        } catch {
            throw ValidationError("\(error.sentence(about: argument, forms: ListenAddress.forms)).")
        }
    }
}

/// Where metrics are shown: `HOST:PORT`, `[::1]:PORT`, `*:PORT`.
struct PlaceOption: CheckedArgument, CustomStringConvertible {
    let place: ListenPlace

    init(_ place: ListenPlace) { self.place = place }

    init(checking argument: String) throws {
        do throws(AddressText.Fault) {
            let address = try AddressText(argument)
            self.place = ListenPlace(host: address.host, port: address.port)
        } catch {
            throw ValidationError("\(error.sentence(about: argument, forms: "HOST:PORT")).")
        }
    }

    var description: String { self.place.description }
}

/// Where a service is: `HOST:PORT` or `unix:PATH`.
struct AddressOption: CheckedArgument, CustomStringConvertible {
    let address: Broker.Address

    init(_ address: Broker.Address) { self.address = address }

    init(checking argument: String) throws {
        do throws(AddressText.Fault) {
            self.address = try ListenOption.plainAddress(argument)
        } catch {
            throw ValidationError("\(error.sentence(about: argument, forms: "HOST:PORT or unix:PATH")).")
        }
    }

    var description: String { self.address.description }
}

/// Where a broker listens: `HOST:PORT`, `*:PORT`, `unix:PATH`, or sockets that were handed over, `fd:N` and
/// `systemd[:NAME]`; with TLS `tls://` stands in front.
struct ListenOption: CheckedArgument {
    let address: Broker.Address

    init(checking argument: String) throws {
        do throws(AddressText.Fault) {
            self.address = try Self.address(argument)
        } catch {
            let forms = "HOST:PORT, tls://HOST:PORT, unix:PATH, fd:N or systemd[:NAME]"
            throw ValidationError("\(error.sentence(about: argument, forms: forms)).")
        }
    }

    private static func address(_ text: String) throws(AddressText.Fault) -> Broker.Address {
        let isSecured = text.hasPrefix("tls://")
        let rest = isSecured ? String(text.dropFirst(6)) : text
        if let place = try ListenAddress(handedOver: rest) { return .handedOver(place, isSecured: isSecured) }
        guard isSecured else { return try self.plainAddress(text) }
        let place = try AddressText(rest)
        return .tls(host: place.host, port: place.port)
    }

    static func plainAddress(_ text: String) throws(AddressText.Fault) -> Broker.Address {
        guard text.hasPrefix("unix:") else {
            let place = try AddressText(text)
            return .tcp(host: place.host, port: place.port)
        }
        let path = String(text.dropFirst(5))
        guard !path.isEmpty else { throw .noPath }
        return .unix(path: path)
    }
}

/// `host:port`, `tls://host:port` or `unix:PATH` of a broker elsewhere.
struct BrokerOption: CheckedArgument {
    let address: BrokerAddress

    init(checking argument: String) throws {
        do throws(BrokerAddress.NotAnAddress) {
            self.address = try BrokerAddress(checking: argument)
        } catch {
            throw ValidationError("\(error).")
        }
    }
}

extension [BrokerOption] {
    /// What help says that stands there when the option is not given.
    static let fallback = "default: what \(BrokerAddress.variable) says, else \(BrokerAddress.local)"

    /// The addresses given; else those of the environment; else the one of this machine.
    var addresses: [BrokerAddress] {
        get throws {
            guard self.isEmpty else { return self.map(\.address) }
            do throws(BrokerAddress.NotAnAddress) {
                let known = try BrokerAddress.fromEnvironment()
                return known.isEmpty ? [.local] : known
            } catch {
                throw ValidationError("\(BrokerAddress.variable): \(error).")
            }
        }
    }
}
