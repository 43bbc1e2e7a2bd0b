import Foundation
import NIOCore

/// A host as people write it in an option, in the form in which browsers send it.
///
/// Lower case; a name that is not ASCII in its ASCII form (`bücher.example` is `xn--bcher-kva.example`); an IPv6
/// address in brackets and in its shortest form.
package struct HostName: Hashable, Sendable {
    package let text: String

    /// - Throws: what is wrong, for people; such a host is never sent.
    package init(_ text: some StringProtocol) throws(Fault) {
        let text = String(text)
        if text.hasPrefix("[") {
            self.text = try Self.address(text)
        } else {
            self.text = try Self.name(text)
        }
    }

    /// Why a text is no host.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case empty
        case address(String)
        case label(String)
        case name(String)

        package var description: String {
            switch self {
            case .empty: "there is no host"
            case .address(let text): "\(text) is not an IP address"
            case .label(let label):
                label.isEmpty ? "two dots stand together" : "'\(label)' is not a part of a host name"
            case .name(let text): "\(text) is not a host name"
            }
        }
    }

    private static func address(_ text: String) throws(Fault) -> String {
        guard text.hasSuffix("]"),
            let address = try? SocketAddress(ipAddress: String(text.dropFirst().dropLast()), port: 0),
            case .v6 = address, let canonical = address.ipAddress
        else { throw .address(text) }
        return "[\(canonical.lowercased())]"
    }

    private static func name(_ text: String) throws(Fault) -> String {
        guard !text.isEmpty else { throw .empty }
        let name = try Self.ascii(text).lowercased()
        // A name may end in a dot, which browsers keep.
        let labels = (name.hasSuffix(".") ? name.dropLast() : name[...]).split(
            separator: ".", omittingEmptySubsequences: false)
        for label in labels where !Self.isLabel(label) { throw .label(String(label)) }
        guard name.utf8.count <= 254 else { throw .name(text) }
        // What ends in a number is an IPv4 address to browsers, and they send that in one form only.
        if let last = labels.last, Self.isNumber(last) {
            guard let address = try? SocketAddress(ipAddress: name, port: 0), address.ipAddress == name else {
                throw .address(text)
            }
        }
        return name
    }

    private static func ascii(_ text: String) throws(Fault) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        guard let ascii = URLComponents(string: "http://\(text)")?.encodedHost, ascii.utf8.allSatisfy({ $0 < 0x80 })
        else {
            throw .name(text)
        }
        return ascii
    }

    /// Letters, digits, `-` and, because there are such hosts, `_`.
    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count)
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func isNumber(_ label: Substring) -> Bool {
        label.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } || label.hasPrefix("0x")
    }
}
