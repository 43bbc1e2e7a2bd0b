import Foundation
import NIOSSL
package import SeawayClient
package import SeawayNIO

/// A certificate for 127.0.0.1 that vouches for itself, and its key: for tests alone, and known to everybody.
package enum TestIdentity {
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBoDCCAUegAwIBAgIUau+qFut3lfbQSIUlKTcb/sPYvkkwCgYIKoZIzj0EAwIw
        FzEVMBMGA1UEAwwMc2Vhd2F5IHRlc3RzMCAXDTI2MTEyMzIyMDE1M1oYDzIxMjYx
        MDMwMjIwMTUzWjAXMRUwEwYDVQQDDAxzZWF3YXkgdGVzdHMwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAAS5RGN4uW2SOlv245SU0PJ+VE5w4nEaF/pC3qclL5N3bwrM
        PSGXJMqGUmpAuixZ+E4Bt+aL+3ZmotQtGYEXXbRWo28wbTAdBgNVHQ4EFgQUj7L8
        Ttt7pd5+IbTwKpiTP5guHeswHwYDVR0jBBgwFoAUj7L8Ttt7pd5+IbTwKpiTP5gu
        HeswDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3Qw
        CgYIKoZIzj0EAwIDRwAwRAIgZIVMcpsXP9XEBeS3/4kodLvxih6E7WXQpHmEMRpt
        vSkCIENRx9x+q2wv180HwASUQSaeHDS2pcPFQNd06xyPfRHN
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgluNE+bbMxgds0UYI
        MSVIJ4x0g7cVl/e8PZApFJwVevOhRANCAAS5RGN4uW2SOlv245SU0PJ+VE5w4nEa
        F/pC3qclL5N3bwrMPSGXJMqGUmpAuixZ+E4Bt+aL+3ZmotQtGYEXXbRW
        -----END PRIVATE KEY-----
        """

    package static func server() throws -> ServerTLS {
        try self.withFiles { try ServerTLS(certificate: $0, key: $1) }
    }

    package static func client() throws -> ClientTLS {
        try self.withFiles { certificate, _ in try ClientTLS(authorities: certificate) }
    }

    /// For a client that is no layer.
    static func rawClient() throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(Self.certificate.utf8)))
        return try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: nil)
    }

    private static func withFiles<Result>(_ body: (_ certificate: String, _ key: String) throws -> Result) throws
        -> Result
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "seaway-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.appending(path: "certificate"), folder.appending(path: "key"))
        try Data(Self.certificate.utf8).write(to: certificate)
        try Data(Self.key.utf8).write(to: key)
        return try body(certificate.path, key.path)
    }
}
