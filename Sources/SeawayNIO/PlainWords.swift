import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why something failed, for people: no type's name, and nothing that only its library understands.
package enum PlainWords {
    package static func of(_ error: any Error) -> String {
        switch error {
        case let error as IOError: self.of(errno: error.errnoCode)
        case let error as NIOConnectionError: self.of(error)
        case let error as ChannelError: self.of(error)
        case let error as SocketAddressError: self.of(error)
        case let error as SocketAddressError.FailedToParseIPByteBuffer:
            "\(error.address.readableBytes) bytes are no address"
        case let error as BoringSSLError: self.ofTLS("\(error)")
        case NIOSSLError.handshakeFailed(let error): self.ofTLS("\(error)")
        case NIOSSLError.uncleanShutdown: "the other side has ended the connection without a word"
        case let error as NIOSSLError: "TLS failed: \(self.words("\(error)"))"
        case let error as NIOSSLExtraError: "TLS failed: \(self.behindName("\(error)"))"
        case is CancellationError: "it was cancelled"
        case let error as any CustomStringConvertible: error.description
        // A case of an enumeration: its name is all there is.
        default: self.words("\(error)".prefixBefore("("))
        }
    }

    package static func of(errno number: CInt) -> String { String(cString: strerror(number)) }

    private static func of(_ error: NIOConnectionError) -> String {
        var reasons: [String] = []
        for failure in error.connectionErrors {
            let reason = self.of(failure.error)
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        guard reasons.isEmpty else { return reasons.joined(separator: ", ") }
        return error.dnsAError == nil && error.dnsAAAAError == nil
            ? "the host \(error.host) has no address" : "there is no host \(error.host)"
    }

    private static func of(_ error: ChannelError) -> String {
        switch error {
        case .connectTimeout(let time): "no answer within \(time.nanoseconds / 1_000_000) ms"
        case .ioOnClosedChannel, .alreadyClosed, .outputClosed, .inputClosed, .eof: "the connection is closed"
        case .writeHostUnreachable: self.of(errno: EHOSTUNREACH)
        default: self.words("\(error)".prefixBefore("("))
        }
    }

    private static func of(_ error: SocketAddressError) -> String {
        switch error {
        case .unknown(let host, _): "there is no host \(host)"
        case .unsupported: "this machine has no addresses of that kind"
        case .unixDomainSocketPathTooLong: "the path is longer than that of a Unix socket may be"
        case .failedToParseIPString(let text): "\(text) is no IP address"
        }
    }

    /// The reason stands behind the last colon: `…:OPENSSL_internal:WRONG_VERSION_NUMBER at …`.
    private static func ofTLS(_ text: String) -> String {
        let reason = text.split(separator: ":").lazy.map { $0.prefix { $0.isUppercase || $0 == "_" } }.last {
            $0.count > 3
        }
        guard let reason else { return "TLS failed" }
        return "TLS failed: \(reason.replacing("_", with: " ").lowercased())"
    }

    /// `Type.case: sentence` or `Type.case`: the sentence, or the case as words.
    private static func behindName(_ text: String) -> String {
        if let colon = text.firstRange(of: ": ") { return String(text[colon.upperBound...]) }
        return self.words(text.split(separator: ".").last.map(String.init) ?? text)
    }

    /// `cannotFindPeerIP` as words.
    private static func words(_ name: String) -> String {
        var words = ""
        for character in name {
            if character.isUppercase, !words.isEmpty { words.append(" ") }
            words.append(contentsOf: character.lowercased())
        }
        return words
    }
}

extension String {
    fileprivate func prefixBefore(_ end: Character) -> String { String(self.prefix { $0 != end }) }
}
