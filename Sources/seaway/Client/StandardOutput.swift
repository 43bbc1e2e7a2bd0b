#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Standard output, written at once.
enum StandardOutput {
    /// Output that nobody takes.
    struct Fault: Error, CustomStringConvertible {
        let number: Int32

        /// The reader has gone.
        var isClosed: Bool { self.number == EPIPE }
        var description: String { String(cString: strerror(self.number)) }
    }

    /// Has a reader that has gone told by an error instead of a signal.
    static func expectEnd() { signal(SIGPIPE, SIG_IGN) }

    static func write(lines: [String]) throws(Fault) {
        for line in lines { try self.write("\(line)\n") }
    }

    static func write(_ text: String) throws(Fault) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { platformWrite(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                written += count
            } else if count < 0, errno != EINTR {
                throw Fault(number: errno)
            }
        }
    }
}

private func platformWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }

/// Standard input, read to its end.
enum StandardInput {
    /// Input that cannot be a body.
    enum Fault: Error, CustomStringConvertible {
        case unreadable(Int32)
        case tooLong(limit: Int)

        var description: String {
            switch self {
            case .unreadable(let number): "cannot read: \(String(cString: strerror(number)))"
            case .tooLong(let limit): "the body is longer than \(limit) bytes"
            }
        }
    }

    /// - Parameter limit: bytes; more is an error.
    static func readAll(limit: Int) throws(Fault) -> [UInt8] {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = part.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count == 0 { return all }
            if count < 0 {
                guard errno == EINTR else { throw .unreadable(errno) }
                continue
            }
            all += part[..<count]
            guard all.count <= limit else { throw .tooLong(limit: limit) }
        }
    }
}
