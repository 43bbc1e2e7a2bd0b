/// Sends each line of a descriptor (a pipe, a terminal, a file) as a message.
package final class LineSource: BridgeSource {
    private static let readSize = 64 << 10

    private let descriptor: CInt
    private let destination: Destination
    private let format: BridgePayload
    private let maxLine: Int
    private let pump: Pump
    private let thread: SourceThread

    /// - Parameters:
    ///   - descriptor: stays the caller's.
    ///   - maxLine: in bytes; longer lines are dropped and counted.
    package init(
        descriptor: CInt, to destination: Destination, format: BridgePayload.Format, maxLine: Int, pump: Pump
    ) throws {
        self.descriptor = descriptor
        self.destination = destination
        self.format = BridgePayload(format)
        self.maxLine = maxLine
        self.pump = pump
        self.thread = try SourceThread(pump: pump)
    }

    package func stop() { self.thread.stop() }

    package func run() async throws { try await self.thread.run { try self.read() } }

    private func read() throws {
        var splitter = LineSplitter(limit: self.maxLine)
        var buffer = [UInt8](repeating: 0, count: Self.readSize)
        while case .ready = self.thread.wakeup.wait(for: self.descriptor) {
            let count = Self.read(self.descriptor, &buffer)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw SystemFault(code: errno, what: "reading") }
            let lines = count > 0 ? splitter.lines(in: buffer[..<count]) : splitter.end().map { [$0] } ?? []
            guard lines.allSatisfy(self.take), count > 0 else { return }
        }
    }

    private static func read(_ descriptor: CInt, _ buffer: inout [UInt8]) -> Int {
        buffer.withUnsafeMutableBytes { bytes in
            #if canImport(Glibc)
                Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, bytes.baseAddress, bytes.count)
            #else
                Darwin.read(descriptor, bytes.baseAddress, bytes.count)
            #endif
        }
    }

    /// - Returns: whether more is wanted.
    private func take(_ line: LineSplitter.Line) -> Bool {
        guard case .text(let text) = line else {
            self.pump.tally.drop(.size, "a line of more than \(self.maxLine) bytes")
            return true
        }
        guard let payload = self.format.payload(line: text) else {
            self.pump.tally.drop(.payload, "a line that is not a JSON map")
            return true
        }
        return self.pump.putBlocking(payload, to: self.destination)
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
