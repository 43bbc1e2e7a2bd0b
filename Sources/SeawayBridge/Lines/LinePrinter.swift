import NIOPosix
package import SeawayMessage

/// Writes messages to a descriptor, each as one line of JSON.
package struct LinePrinter: Sendable {
    private let descriptor: CInt
    private let tally: BridgeTally

    package init(descriptor: CInt, tally: BridgeTally) {
        self.descriptor = descriptor
        self.tally = tally
    }

    /// Returns when the line was written, or dropped because nobody reads any more.
    package func print(_ payload: Payload) async {
        let line = payload.json + [UInt8(ascii: "\n")]
        do {
            try await NIOThreadPool.singleton.runIfActive { try Self.write(line, to: self.descriptor) }
            self.tally.count { $0.handedOn += 1 }
        } catch {
            self.tally.drop(.service, "\(error)")
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { self.write($0, descriptor) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemFault(code: errno, what: "writing") }
            rest = rest.dropFirst(count)
        }
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
