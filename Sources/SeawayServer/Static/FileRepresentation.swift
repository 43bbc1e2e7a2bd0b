/// What is known of a file that may be sent, without its content.
package struct FileRepresentation: Hashable, Sendable {
    /// What tells one state of a file from another.
    package struct State: Hashable, Sendable {
        package var inode: UInt64
        /// Bytes.
        package var size: Int
        /// When it was changed last, since 1970.
        package var seconds: Int
        package var nanoseconds: Int

        package init(inode: UInt64, size: Int, seconds: Int, nanoseconds: Int) {
            self.inode = inode
            self.size = size
            self.seconds = seconds
            self.nanoseconds = nanoseconds
        }
    }

    package var state: State
    /// Of what it holds once it is decoded.
    package var mediaType: String
    package var coding: ContentCoding?

    package init(state: State, mediaType: String, coding: ContentCoding? = nil) {
        self.state = state
        self.mediaType = mediaType
        self.coding = coding
    }

    /// Another for each state of the file, and for each coding, which has a file of its own (RFC 9110, 8.8.3).
    package var tag: EntityTag {
        let parts = [
            String(self.state.inode, radix: 36), String(self.state.size, radix: 36),
            String(self.state.seconds, radix: 36) + "." + String(self.state.nanoseconds, radix: 36),
        ]
        return EntityTag(opaque: "\"\(parts.joined(separator: "-"))\"")
    }

    /// No later than now (RFC 9110, 8.8.2.1).
    package func lastModified(now: Int) -> Int { min(self.state.seconds, now) }
}
