#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that its owner alone may read.
struct PrivateFile: Sendable {
    /// Why it cannot be changed.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    let path: String

    private func systemFault(_ verb: String) -> Fault {
        Fault(description: "\(self.path) cannot be \(verb): \(String(cString: strerror(errno)))")
    }

    /// Whoever reads the path sees the old file whole, or the new one.
    func replace(with text: String) throws(Fault) {
        let new = PrivateFile(path: "\(self.path).new")
        // What an interrupted run has left behind.
        new.delete()
        try new.create(text)
        guard rename(new.path, self.path) == 0 else {
            let fault = self.systemFault("replaced")
            new.delete()
            throw fault
        }
    }

    func delete() { unlink(self.path) }

    /// Makes a file that only its owner can read.
    ///
    /// - Throws: when it is there already.
    func create(_ text: String) throws(Fault) {
        let descriptor = open(self.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.systemFault("made") }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw self.systemFault("written") }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw self.systemFault("written") }
    }
}
