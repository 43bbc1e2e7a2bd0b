import NIOSSL

/// A certificate with its key, and the names that it is for.
package struct ServerIdentity: Sendable {
    /// Names `*.example.org` and `example.org` are kept as they stand in the certificate, in lower case.
    private let names: Set<String>
    private let file: String
    private let keyFile: String
    private let chain: [NIOSSLCertificate]
    private let key: NIOSSLPrivateKey

    /// - Parameters:
    ///   - certificate: a PEM file; the server's own is the first in it, those that vouch for it follow.
    ///   - key: a PEM file.
    package init(certificate: String, key: String) throws(PEMFile.Fault) {
        self.file = certificate
        self.keyFile = key
        self.chain = try PEMFile.certificates(certificate)
        self.key = try PEMFile.key(key)
        self.names = Set(self.chain.first.map(Self.names) ?? [])
    }

    private static func names(of certificate: NIOSSLCertificate) -> [String] {
        certificate._subjectAlternativeNames().compactMap { name in
            guard name.nameType == .dnsName else { return nil }
            return name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }.lowercased()
        }
    }

    /// Whether the certificate is for this name, by itself or by a `*` in the place of its first label (RFC 6125,
    /// 6.4.3).
    ///
    /// - Parameter name: as a client asks for it (SNI).
    package func isFor(_ name: String) -> Bool {
        var name = name.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if self.names.contains(name) { return true }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return false }
        return self.names.contains("*\(name[dot...])")
    }

    /// What to tell an operator of a certificate that no client will take at this time.
    func warning(at seconds: Int) -> String? {
        guard let own = self.chain.first else { return nil }
        if Int(own.notValidAfter) < seconds { return "the certificate in \(self.file) has expired" }
        if Int(own.notValidBefore) > seconds { return "the certificate in \(self.file) is not valid yet" }
        return nil
    }

    /// TLS with this certificate: 1.2 and 1.3, with forward secrecy alone.
    var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: self.chain.map { .certificate($0) }, privateKey: .privateKey(self.key))
        configuration.minimumTLSVersion = .tlsv12
        // Of TLS 1.2; all of 1.3 are such.
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        return configuration
    }

    /// What a handshake goes on with when a client has asked for one of several.
    var shown: NIOSSLContextConfigurationOverride {
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = self.chain.map { .certificate($0) }
        override.privateKey = .privateKey(self.key)
        return override
    }

    func context(_ configuration: TLSConfiguration) throws(PEMFile.Fault) -> NIOSSLContext {
        guard let context = try? NIOSSLContext(configuration: configuration) else {
            throw PEMFile.Fault("\(self.keyFile) is not the key of \(self.file)")
        }
        return context
    }
}
