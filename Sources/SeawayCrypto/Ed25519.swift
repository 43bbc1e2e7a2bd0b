internal import CNIOBoringSSL

/// A private key of Ed25519 (RFC 8032), made of its seed.
package struct Ed25519Key: Sendable {
    /// Bytes of a seed.
    package static let seedByteCount = 32

    /// Bytes of a signature.
    package static let signatureByteCount = 64

    /// By which others check signatures, 32 bytes.
    package let publicKey: [UInt8]
    private let privateKey: [UInt8]

    /// - Returns: `nil` when `seed` has not ``seedByteCount`` bytes; every one of those is a key.
    package init?(seed: [UInt8]) {
        guard seed.count == Self.seedByteCount else { return nil }
        var publicKey = [UInt8](repeating: 0, count: Int(ED25519_PUBLIC_KEY_LEN))
        self.privateKey = [UInt8](unsafeUninitializedCapacity: Int(ED25519_PRIVATE_KEY_LEN)) { key, count in
            CNIOBoringSSL.ED25519_keypair_from_seed(&publicKey, key.baseAddress, seed)
            count = Int(ED25519_PRIVATE_KEY_LEN)
        }
        self.publicKey = publicKey
    }

    /// The signature of all of `bytes`, ``signatureByteCount`` bytes.
    ///
    /// - Returns: `nil` when there is no memory for it.
    package func signature(of bytes: [UInt8]) -> [UInt8]? {
        var isSigned = false
        let signature = [UInt8](unsafeUninitializedCapacity: Self.signatureByteCount) { signature, count in
            isSigned = CNIOBoringSSL.ED25519_sign(signature.baseAddress, bytes, bytes.count, self.privateKey) == 1
            count = isSigned ? Self.signatureByteCount : 0
        }
        return isSigned ? signature : nil
    }
}
