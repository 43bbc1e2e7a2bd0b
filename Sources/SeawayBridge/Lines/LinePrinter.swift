package import SeawayMessage

/// Writes messages to a descriptor, each as one line of JSON.
package final class LinePrinter: Sendable {
    /// A pipe that can take something can take so much without holding the thread (`PIPE_BUF`).
    private static let piece = 4_096

    private let descriptor: CInt
    private let tally: BridgeTally
    private let wakeup: Wakeup
    private let thread = ServiceThread()

    package init(descriptor: CInt, tally: BridgeTally) throws {
        self.descriptor = descriptor
        self.tally = tally
        self.wakeup = try Wakeup()
    }

    /// Returns when the line was written, or dropped because nobody reads any more, or the task was cancelled.
    package func print(_ payload: Payload) async {
        let line = payload.json + [UInt8(ascii: "\n")]
        let outcome = await withTaskCancellationHandler {
            try? await self.thread.run { self.write(line) }
        } onCancel: {
            self.wakeup.wake()
        }
        self.tally.count(outcome ?? .dropped(.shutdown, "standard output"))
    }

    private func write(_ bytes: [UInt8]) -> WriteOutcome {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Who does not read is waited for, but not longer than we may stay.
            guard case .ready = self.wakeup.wait(for: self.descriptor, .writing) else {
                return .dropped(.shutdown, "standard output")
            }
            let count = rest.prefix(Self.piece).withUnsafeBytes { Self.write($0, self.descriptor) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { return .dropped(.service, "\(SystemFault(code: errno, what: "writing"))") }
            rest = rest.dropFirst(count)
        }
        return .handedOn
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, _ descriptor: CInt) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
