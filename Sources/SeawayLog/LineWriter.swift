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

/// Writes lines on a thread of its own: a pipe that nobody reads holds up that thread and nobody else.
package final class LineWriter: TextOutputStream, Sendable {
    private struct State {
        var target: LineTarget
        var queue: LineQueue
        var format: LogFormat
        /// Somebody will take what waits.
        var isWriting = false
    }

    private let state: Mutex<State>
    /// Is told how many lines were dropped, where no line of this log says so.
    private let whenDropped: (@Sendable (Int) -> Void)?
    /// Its thread may wait for a reader for good.
    private let thread = DispatchQueue(label: "seaway.log")

    /// - Parameters:
    ///   - descriptor: is not closed by this.
    ///   - limit: bytes that may wait while an earlier write does not end.
    ///   - format: of the line that tells of dropped ones.
    package init(descriptor: CInt, limit: Int, format: LogFormat = .text) {
        self.state = Mutex(State(target: LineTarget(descriptor), queue: LineQueue(limit: limit), format: format))
        self.whenDropped = nil
    }

    /// A log in which nothing stands but its own lines.
    ///
    /// - Parameter whenDropped: is told how many lines were dropped, once others are written; must not write here.
    package init(_ target: LineTarget, limit: Int, whenDropped: @escaping @Sendable (Int) -> Void) {
        self.state = Mutex(State(target: target, queue: LineQueue(limit: limit), format: .text))
        self.whenDropped = whenDropped
    }

    /// From now on lines are written there.
    package func write(to target: LineTarget) {
        self.state.withLock { state in
            state.target = target
            state.queue.beginsAnew()
        }
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
        while let (bytes, target) = self.take() {
            let written = self.write(bytes, target)
            guard written < bytes.count else { continue }
            self.state.withLock { $0.queue.drop(bytes, behind: written) }
            // What tells of them would be lost too: it waits for the next line.
            guard self.hasMore else { return }
        }
    }

    private func take() -> (bytes: [UInt8], target: LineTarget)? {
        self.state.withLock { state in
            let format = state.format
            let taken = state.queue.take { lines in
                guard let whenDropped = self.whenDropped else { return Self.notice(lines, format) }
                whenDropped(lines)
                return ""
            }
            state.isWriting = taken != nil
            return taken.map { ($0, state.target) }
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
    private func write(_ bytes: [UInt8], _ target: LineTarget) -> Int {
        bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Self.write(target.descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]))
                if count >= 0 {
                    done += count
                } else if errno == EAGAIN || errno == EWOULDBLOCK {
                    // Somebody with the same pipe does not want to wait for it; this thread may.
                    var room = pollfd(fd: target.descriptor, events: Int16(POLLOUT), revents: 0)
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
