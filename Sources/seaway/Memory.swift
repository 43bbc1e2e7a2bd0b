import CSeaway

/// How the process deals with the system for memory.
enum Memory {
    /// Keeps what the buffers of one turn of the loop take for the next turn.
    ///
    /// The allocator's default gives memory back at 128 KiB and takes it again a moment later; under a fan-out that was
    /// a tenth of the broker's time.
    static func keepFreed() { cseaway_keep_freed_memory(4 << 20, 16 << 20) }

    /// Lets go of the parts of the program that have begun it: two thirds of what is resident then.
    static func forgetStart() { cseaway_forget_program() }
}
