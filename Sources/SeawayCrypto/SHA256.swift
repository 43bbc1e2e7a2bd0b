internal import CNIOBoringSSL

/// SHA-256 (FIPS 180-4) and what is made of it: HMAC-SHA-256 (RFC 2104), and comparing in constant time.
///
/// It is that of the BoringSSL which SwiftNIO SSL brings for TLS. swift-crypto would bring the same library a second
/// time: a fifth of a whole build, and some megabytes of every program, for three functions.
package enum SHA256 {
    /// Bytes of a digest.
    package static let byteCount = 32

    /// The digest of all of `bytes`, ``byteCount`` bytes.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: self.byteCount) { digest, count in
            _ = CNIOBoringSSL.SHA256(bytes, bytes.count, digest.baseAddress)
            count = self.byteCount
        }
    }

    /// The code that only who has the key can make of `bytes`, ``byteCount`` bytes.
    package static func authenticationCode(of bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: self.byteCount) { code, count in
            _ = CNIOBoringSSL.HMAC(
                CNIOBoringSSL.EVP_sha256(), key, key.count, bytes, bytes.count, code.baseAddress, nil)
            count = self.byteCount
        }
    }
}

extension [UInt8] {
    /// Whether both hold the same bytes, in a time that depends on their length alone.
    package func isEqualInConstantTime(to other: [UInt8]) -> Bool {
        self.count == other.count && CNIOBoringSSL.CRYPTO_memcmp(self, other, self.count) == 0
    }
}
