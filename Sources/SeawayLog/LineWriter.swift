import Dispatch
import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes lines to a descriptor on a thread of its own: a pipe that nobody reads holds up that thread and nobody else.
package final class LineWriter: TextOutputStream, Sendable {
    private struct State {
        var queue: LineQueue
        var format: LogFormat
        /// Somebody will take what waits.
        var isWriting = false
    }

    private let descriptor: CInt
    private let state: Mutex<State>
    /// Its thread may wait for a reader for good.
    private let thread = DispatchQueue(label: "seaway.log")

    /// - Parameters:
    ///   - descriptor: is not closed by this.
    ///   - limit: bytes that may wait while an earlier write does not end.
    ///   - format: of the line that tells of dropped ones.
    package init(descriptor: CInt, limit: Int, format: LogFormat = .text) {
        self.descriptor = descriptor
        self.state = Mutex(State(queue: LineQueue(limit: limit), format: format))
    }

    /// Lines that nobody will read.
    package var dropped: Int { self.state.withLock(\.queue.dropped) }

    package func limit(to bytes: Int) { self.state.withLock { $0.queue.limit = bytes } }

    /// Sets the format of the line that tells of dropped ones.
    package func tell(in format: LogFormat) { self.state.withLock { $0.format = format } }

    /// Never waits.
    ///
    /// - Parameter line: with its line end.
    package func write(_ line: String) {
        let begins = self.state.withLock { state in
            state.queue.add(line)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { self.thread.async { self.writeAll() } }
    }

    /// Waits until what has come before is written, but only so long.
    package func flush(within patience: Duration) {
        let written = DispatchSemaphore(value: 0)
        self.thread.async { written.signal() }
        _ = written.wait(timeout: .now() + .milliseconds(Int(patience / .milliseconds(1))))
    }

    private func writeAll() {
        while let bytes = self.take() {
            let written = self.write(bytes)
            guard written < bytes.count else { continue }
            let lost = bytes[written...].count { $0 == UInt8(ascii: "\n") }
            self.state.withLock { $0.queue.drop(lost) }
            // What tells of them would be lost too: it waits for the next line.
            guard self.hasMore else { return }
        }
    }

    private func take() -> [UInt8]? {
        self.state.withLock { state in
            let format = state.format
            let taken = state.queue.take { Self.notice($0, format) }
            state.isWriting = taken != nil
            return taken
        }
    }

    /// Whether a line has come since the last were taken; if not, the next begins anew.
    private var hasMore: Bool {
        self.state.withLock { state in
            state.isWriting = !state.queue.isEmpty
            return state.isWriting
        }
    }

    /// - Returns: how many bytes were written; fewer than all when nothing can be written there any more.
    private func write(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Self.write(self.descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]))
                if count >= 0 {
                    done += count
                } else if errno == EAGAIN || errno == EWOULDBLOCK {
                    // Somebody with the same pipe does not want to wait for it; this thread may.
                    var room = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&room, 1, -1)
                } else if errno != EINTR {
                    break
                }
            }
            return done
        }
    }

    private static func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    /// In the form of all others.
    private static func notice(_ lines: Int, _ format: LogFormat) -> String {
        let text = LineText()
        Logger(label: "seaway.log") { format.handler(label: $0) { text.write($0) } }
            .warning("lines were dropped: nobody read them", metadata: ["lines": "\(lines)"])
        return text.line.withLock(\.self)
    }
}

/// Keeps a line that is made.
private final class LineText: Sendable {
    let line = Mutex("")

    func write(_ text: String) { self.line.withLock { $0 += text } }
}
