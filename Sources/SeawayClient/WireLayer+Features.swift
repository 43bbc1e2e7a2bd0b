extension WireLayer {
    /// What the broker can do beyond the first of its kind (H2), as it has said when the connection was made; none
    /// before that.
    package func features() async -> Set<String> {
        await withCheckedContinuation { continuation in
            self.onLoop { continuation.resume(returning: $0.features) }
        }
    }
}
