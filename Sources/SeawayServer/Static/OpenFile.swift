import CSeaway

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Why a file is not there, or not to be had.
package enum FileFault: Error, Hashable, Sendable {
    /// Nothing that may be sent stands there.
    case missing
    /// It is there, and this process may not read it.
    case denied
    case isFolder
    /// The system has no descriptor, or no memory.
    case noRoom
    /// An `errno`.
    case failed(Int32)

    fileprivate init(_ error: Int32) {
        switch error {
        // A link that leads out is `EXDEV`, one in a circle `ELOOP`.
        case ENOENT, ENOTDIR, ELOOP, EXDEV, ENAMETOOLONG, ENXIO, EINVAL, EAGAIN: self = .missing
        case EACCES, EPERM: self = .denied
        case EISDIR: self = .isFolder
        case EMFILE, ENFILE, ENOMEM: self = .noRoom
        default: self = .failed(error)
        }
    }
}

/// A folder of a route, open to look for files in it; closed with the last reference.
package final class OpenFolder: Sendable {
    private let descriptor: Int32
    private let followsLinks: Bool

    /// - Parameter followsLinks: also below it, as far as they lead nowhere else.
    package init(_ path: String, followsLinks: Bool = true) throws(FileFault) {
        self.followsLinks = followsLinks
        self.descriptor = cseaway_open_folder(path)
        guard self.descriptor >= 0 else { throw FileFault(errno) }
    }

    deinit { close(self.descriptor) }

    /// Opens a regular file below this folder, and nothing else (O2).
    ///
    /// - Parameter path: relative, without NUL.
    package func open(_ path: [UInt8]) throws(FileFault) -> OpenFile {
        var found = cseaway_file()
        let descriptor = (path + [0]).withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                // Never empty: it ends in a NUL.
                characters.baseAddress.map { path in
                    self.followsLinks
                        ? cseaway_open_beneath(self.descriptor, path, &found)
                        : cseaway_open_without_links(self.descriptor, path, &found)
                } ?? -1
            }
        }
        guard descriptor >= 0 else { throw FileFault(errno) }
        return OpenFile(descriptor, found)
    }
}

/// A file that is read; closed with the last reference, which a read under way holds too.
package final class OpenFile: Sendable {
    package let state: FileRepresentation.State
    private let descriptor: Int32

    fileprivate init(_ descriptor: Int32, _ found: cseaway_file) {
        self.descriptor = descriptor
        self.state = FileRepresentation.State(
            inode: found.inode, size: Int(clamping: found.size), seconds: Int(clamping: found.seconds),
            nanoseconds: Int(clamping: found.nanoseconds))
    }

    deinit { close(self.descriptor) }

    /// - Returns: as many bytes as the range has; `nil` when the file has become shorter, or cannot be read.
    package func read(_ range: Range<Int>) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let place = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                let read = pread(
                    self.descriptor, place.baseAddress, min(place.count, range.count - count),
                    off_t(range.lowerBound + count))
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { break }
                count += read
            }
        }
        return bytes.count == range.count ? bytes : nil
    }
}
