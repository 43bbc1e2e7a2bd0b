package import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension NIOSSLHandler.Configuration {
    /// Gives back the memory of large writes: an idle connection is to cost little.
    package static var frugal: NIOSSLHandler.Configuration {
        var configuration = NIOSSLHandler.Configuration()
        configuration.maximumPreservedOutboundBufferCapacity = 65_536
        return configuration
    }
}

/// What TLS needs from files, with errors that name the file.
package enum PEMFile {
    /// A file that cannot be used.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
        package init(_ description: String) { self.description = description }
    }

    /// - Returns: at least one.
    package static func certificates(_ path: String) throws(Fault) -> [NIOSSLCertificate] {
        try Self.checkReadable(path)
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw Fault("\(path) has no certificate in PEM")
        }
        return certificates
    }

    package static func key(_ path: String) throws(Fault) -> NIOSSLPrivateKey {
        try Self.checkReadable(path)
        guard let key = try? NIOSSLPrivateKey(file: path, format: .pem) else {
            throw Fault("\(path) has no private key in PEM, or one with a password")
        }
        return key
    }

    private static func checkReadable(_ path: String) throws(Fault) {
        do throws(RegularFile.Fault) {
            close(try RegularFile.open(path))
        } catch {
            throw Fault(error.description)
        }
    }
}
