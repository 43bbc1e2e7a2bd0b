import CSeaway

/// How the process deals with the system for memory.
enum Memory {
    /// Keeps what the buffers of one turn of the loop take for the next turn.
    ///
    /// The allocator's default gives memory back at 128 KiB and takes it again a moment later; under a fan-out that was a tenth of
    /// the broker's time.
    static func keepFreed() { cseaway_keep_freed_memory(4 << 20, 16 << 20) }
}
