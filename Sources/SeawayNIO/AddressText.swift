import NIOCore

/// A host and a port as people write them: `HOST:PORT`, `[::1]:PORT`.
package struct AddressText: Hashable, Sendable {
    package let host: String
    package let port: Int

    /// What is missing or wrong, in few words.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }

        /// The sentence for whoever has written the address.
        ///
        /// - Parameter forms: what is allowed: `HOST:PORT or unix:PATH`.
        package func sentence(about text: String, forms: String) -> String {
            let sentence = "\(text.isEmpty ? "''" : text) is no address, \(self.description): \(forms)"
            guard self == Self.noHost,
                let port = text.split(separator: "/").last.flatMap({ Int($0.drop { $0 == ":" }) })
            else { return sentence }
            return "\(sentence); for example \(text.hasPrefix("tls://") ? "tls://" : "")127.0.0.1:\(port)"
        }

        static let noHost = Fault(description: "its host is missing")
        package static let noPath = Fault(description: "its path is missing")
    }

    /// - Parameter ports: those that are allowed.
    package init(_ text: some StringProtocol, ports: ClosedRange<Int> = 0...65_535) throws(Fault) {
        guard !text.isEmpty else { throw Fault(description: "it is empty") }
        let (host, port) = try Self.split(String(text))
        guard !host.isEmpty else { throw .noHost }
        guard let port else { throw Fault(description: "its port is missing") }
        guard port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(port),
            ports.contains(number)
        else {
            throw Fault(
                description: port.isEmpty
                    ? "its port is missing" : "its port is not \(ports.lowerBound) to \(ports.upperBound)")
        }
        self.host = host
        self.port = number
    }

    private static func split(_ text: String) throws(Fault) -> (host: String, port: String?) {
        guard !text.hasPrefix("[") else {
            guard let end = text.firstIndex(of: "]") else { throw Fault(description: "its ] is missing") }
            let host = String(text[text.index(after: text.startIndex)..<end])
            guard case .v6? = try? SocketAddress(ipAddress: host, port: 0) else {
                throw Fault(description: "what stands in [] is no IPv6 address")
            }
            let rest = text[text.index(after: end)...]
            return (host, rest.hasPrefix(":") ? String(rest.dropFirst()) : nil)
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw Fault(description: "an IPv6 address stands in brackets, as [::1]:7411") }
        guard parts.count == 2 else {
            // A number alone is a port, anything else a host.
            return Int(text) == nil ? (text, nil) : ("", text)
        }
        return (String(parts[0]), String(parts[1]))
    }
}
