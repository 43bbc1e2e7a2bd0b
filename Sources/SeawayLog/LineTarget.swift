#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where lines are written.
package final class LineTarget: Sendable {
    /// Why a file cannot be written to.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    let descriptor: CInt
    private let isOwn: Bool

    /// - Parameter descriptor: is not closed by this.
    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        self.isOwn = false
    }

    /// A file that is appended to, and made where there is none; closed when nothing writes to it any more.
    ///
    /// A pipe that nobody reads is no file to write to: this does not wait for a reader.
    ///
    /// - Throws: ``Fault``
    package init(appendingTo path: String) throws(Fault) {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK
        let descriptor = open(path, flags, 0o640)
        guard descriptor >= 0 else { throw Fault(description: "\(path): \(String(cString: strerror(errno)))") }
        self.descriptor = descriptor
        self.isOwn = true
    }

    deinit {
        if self.isOwn { close(self.descriptor) }
    }
}
