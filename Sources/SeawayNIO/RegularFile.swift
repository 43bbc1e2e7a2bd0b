#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that are read while a program works: a FIFO or a device in their place could keep it waiting for good.
package enum RegularFile {
    /// Why it is not read.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Opens a file to be read; nothing is waited for.
    ///
    /// - Returns: its descriptor, which is the caller's to close.
    package static func open(_ path: String) throws(Fault) -> CInt {
        // Of a FIFO it returns at once, and of a terminal it takes no control.
        #if canImport(Glibc)
            let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        #elseif canImport(Musl)
            let descriptor = Musl.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        #else
            let descriptor = Darwin.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        #endif
        guard descriptor >= 0 else { throw Self.fault(path, "cannot be read: \(String(cString: strerror(errno)))") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Self.fault(path, "is no regular file")
        }
        return descriptor
    }

    /// - Parameter most: bytes; of one that has more nothing is returned.
    package static func bytes(_ path: String, most: Int) throws(Fault) -> [UInt8] {
        let descriptor = try self.open(path)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= most {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.fault(path, "cannot be read: \(String(cString: strerror(errno)))") }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        guard bytes.count <= most else { throw Self.fault(path, "has more than \(most) bytes") }
        return bytes
    }

    private static func fault(_ path: String, _ what: String) -> Fault { Fault(description: "\(path) \(what)") }
}
