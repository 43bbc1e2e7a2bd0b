/// Where something listens, as people write it (protocol/INTERFACE.md, I60).
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// `HOST:PORT`
    case tcp(ListenPlace)
    /// `unix:PATH[?mode=660]`; without a mode nobody but the process's own user opens it.
    case unix(path: String, mode: Int)
    /// `fd:N`: a socket that the process has from whoever started it.
    case descriptor(CInt)
    /// `systemd[:NAME]`: those that systemd has handed over, all or the ones of one name.
    case systemd(name: String?)

    package static let forms = "HOST:PORT, unix:PATH[?mode=660], fd:N or systemd[:NAME]"

    package init(_ text: String) throws(AddressText.Fault) {
        if text.hasPrefix("unix:") {
            self = try Self.unix(text.dropFirst(5))
        } else if let place = try ListenAddress(handedOver: text) {
            self = place
        } else {
            let address = try AddressText(text)
            self = .tcp(ListenPlace(host: address.host, port: address.port))
        }
    }

    /// One of the forms that stand for sockets which the process has already; `nil` for any other text.
    package init?(handedOver text: String) throws(AddressText.Fault) {
        if text.hasPrefix("fd:") {
            guard let number = CInt(text.dropFirst(3)), number > 2 else {
                throw AddressText.Fault(description: "its descriptor is not 3 or more")
            }
            self = .descriptor(number)
        } else if text == "systemd" {
            self = .systemd(name: nil)
        } else if text.hasPrefix("systemd:") {
            guard text.utf8.count > 8 else { throw AddressText.Fault(description: "its name is missing") }
            self = .systemd(name: String(text.dropFirst(8)))
        } else {
            return nil
        }
    }

    private static func unix(_ text: Substring) throws(AddressText.Fault) -> ListenAddress {
        let mark = text.lastIndex(of: "?")
        let path = String(text[..<(mark ?? text.endIndex)])
        guard !path.isEmpty else { throw .noPath }
        // A byte for the end, within what the system has room for.
        guard path.utf8.count <= 107, !path.utf8.contains(0) else {
            throw AddressText.Fault(description: "its path has more than 107 bytes")
        }
        guard let mark else { return .unix(path: path, mode: 0o600) }
        let option = text[text.index(after: mark)...]
        guard option.hasPrefix("mode="), let mode = Self.mode(option.dropFirst(5)) else {
            throw AddressText.Fault(description: "what stands behind the ? is not mode= with 0 to 777, as for chmod")
        }
        return .unix(path: path, mode: mode)
    }

    private static func mode(_ text: Substring) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
            let mode = Int(text, radix: 8), mode <= 0o777
        else { return nil }
        return mode
    }

    package var description: String {
        switch self {
        case .tcp(let place): place.description
        case .unix(let path, _): "unix:\(path)"
        case .descriptor(let number): "fd:\(number)"
        case .systemd(let name): name.map { "systemd:\($0)" } ?? "systemd"
        }
    }
}
