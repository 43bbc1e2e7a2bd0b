package import NIOHTTP1
import SeawayNIO
package import SeawayWire

/// What may be posted, by whom, and where it goes (BRIDGES.md, B17 to B22).
package struct HTTPIntakeRule: Sendable {
    /// Who posts must know it; nil: nobody is asked.
    package var token: SharedSecret?
    /// The body must be signed; nil: it need not be.
    package var signature: HTTPSignature?
    /// Largest body, in bytes.
    package var maxBody = 1 << 20
    /// Where everything goes, by its path; nil: `/groups/NAME` and `/channels/NAME`.
    package var destinations: DestinationRule?
    /// Names that may be posted to; empty: all.
    package var allowed: [Pattern] = []

    package init() {}

    /// What to do with a request whose head has come.
    package enum Decision: Hashable, Sendable {
        case read(HTTPIntake)
        case refuse(HTTPVerdict)
    }

    package func decision(for head: HTTPRequestHead) -> Decision {
        switch self.destination(for: head.uri) {
        case nil: return .refuse(.notFound)
        case .illegal(let text)?: return .refuse(.illegalName(text))
        case .destination(let destination)?:
            guard head.method == .POST else { return .refuse(.methodNotAllowed) }
            if let verdict = self.credentialFault(head.headers) { return .refuse(verdict) }
            guard self.mayBePostedTo(destination) else { return .refuse(.forbidden) }
            guard let format = Self.format(head.headers.first(name: "content-type")) else {
                return .refuse(.unsupportedType)
            }
            if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > self.maxBody {
                return .refuse(.tooLarge(limit: self.maxBody, given: length))
            }
            let signatures = self.signature.map { head.headers[$0.field] } ?? []
            return .read(
                HTTPIntake(
                    destination: destination, format: format, source: Self.path(of: head.uri),
                    signature: signatures.count == 1 ? signatures[0] : nil))
        }
    }

    /// Why a request cannot be read, whatever it asks for (RFC 9112, 3.2 and 6.1).
    ///
    /// - Parameter head: its values without white space around them.
    package static func fault(of head: HTTPRequestHead) -> HTTPVerdict? {
        guard head.hasLegalHost else { return .badRequest }
        let codings = head.headers.tokens("transfer-encoding")
        let isKnown = codings == ["chunked"] && head.version.minor > 0
        return isKnown || head.headers["transfer-encoding"].isEmpty ? nil : .notImplemented
    }

    /// Whether the body is signed as it must be.
    package func signatureFault(_ intake: HTTPIntake, _ body: [UInt8]) -> HTTPVerdict? {
        guard let signature = self.signature else { return nil }
        guard let given = intake.signature else { return .unauthorized }
        return signature.isValid(given, for: body) ? nil : .forbidden
    }

    // MARK: Parts of the decision

    /// What a path names.
    private enum Target {
        case destination(Destination)
        /// A name that cannot be, and why.
        case illegal(String)
    }

    private func destination(for uri: String) -> Target? {
        guard let path = Self.decoded(Self.path(of: uri)), path.first == UInt8(ascii: "/") else { return nil }
        if let rule = self.destinations {
            do throws(NameTemplate.Refusal) {
                return .destination(try rule.destination(for: Array(path.dropFirst())))
            } catch {
                return .illegal(error.description)
            }
        }
        let parts = path.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let name = Array(parts[2])
        let kind = String(decoding: parts[1], as: UTF8.self)
        guard ["groups", "channels"].contains(kind) else { return nil }
        guard NameForm(name.span) == .normal else { return .illegal(WireRefusal.name(name.span).details) }
        let text = String(decoding: name, as: UTF8.self)
        return .destination(kind == "groups" ? .group(text) : .channel(text))
    }

    private static func path(of uri: String) -> [UInt8] { Array(uri.utf8.prefix { $0 != UInt8(ascii: "?") }) }

    private static func decoded(_ path: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        var rest = path[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2,
                digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let value = UInt8(digits, radix: 16)
            else { return nil }
            decoded.append(value)
            rest = rest.dropFirst(2)
        }
        return decoded
    }

    private func credentialFault(_ fields: HTTPHeaders) -> HTTPVerdict? {
        guard let token = self.token else { return nil }
        let given = fields["authorization"]
        let scheme = "bearer "
        guard given.count == 1, given[0].lowercased().hasPrefix(scheme) else { return .unauthorized }
        let secret = FieldValue.trimmed(given[0].dropFirst(scheme.count))
        return token.matches(Array(secret.utf8)) ? nil : .forbidden
    }

    private func mayBePostedTo(_ destination: Destination) -> Bool {
        guard !self.allowed.isEmpty else { return true }
        guard let name = Name(destination.name) else { return false }
        return self.allowed.contains { $0.matches(name) }
    }

    private static func format(_ type: String?) -> BridgePayload.Format? {
        guard let type else { return .data }
        let essence = type.split(separator: ";", omittingEmptySubsequences: false).first ?? ""
        switch FieldValue.trimmed(essence).lowercased() {
        case "application/json": return .json
        case "text/plain", "application/octet-stream": return .data
        case let other: return other.hasPrefix("application/") && other.hasSuffix("+json") ? .json : nil
        }
    }
}

/// A request whose body is to be read.
package struct HTTPIntake: Hashable, Sendable {
    package let destination: Destination
    package let format: BridgePayload.Format
    /// The path as it was asked for.
    package let source: [UInt8]
    /// As given, if exactly once.
    package let signature: String?
}
