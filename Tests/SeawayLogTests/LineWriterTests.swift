import Logging
import SeawayLog
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("A log that nobody reads holds nobody up (I32)", .timeLimit(.minutes(1))) struct LineWriterTests {
    private func taken(_ queue: inout LineQueue) -> String? {
        queue.take { "\($0) dropped\n" }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func linesComeInTheirOrderAndThoseWithoutRoomAreToldWhereTheyWouldStand() {
        var queue = LineQueue(limit: 8)
        #expect(self.taken(&queue) == nil)
        for line in ["one\n", "two\n", "three\n", "four\n"] { queue.add(line) }
        #expect(queue.dropped == 2)
        #expect(self.taken(&queue) == "one\ntwo\n2 dropped\n")
        queue.add("five\n")
        #expect(self.taken(&queue) == "five\n")
        #expect(self.taken(&queue) == nil)
        #expect(queue.dropped == 2)
    }

    @Test func aLineThatFindsNothingWaitingIsKeptWhateverItsLength() {
        var queue = LineQueue(limit: 0)
        queue.add("long\n")
        queue.add("a\n")
        #expect(self.taken(&queue) == "long\n1 dropped\n")
    }

    @Test func whatCouldNotBeWrittenIsCountedAndNoLineStandsBehindHalfOfAnother() {
        var queue = LineQueue(limit: 100)
        for line in ["one\n", "two\n", "three\n"] { queue.add(line) }
        let bytes = Array("one\ntwo\nthree\n".utf8)
        #expect(self.taken(&queue) == String(decoding: bytes, as: UTF8.self))
        // "one" and half of "two".
        queue.drop(bytes, behind: 6)
        #expect(queue.dropped == 2)
        queue.add("four\n")
        #expect(self.taken(&queue) == "\nfour\n2 dropped\n")
        // Not even that was written.
        queue.drop(Array("\nfour\n".utf8), behind: 0)
        #expect(queue.dropped == 3)
        queue.add("more\n")
        #expect(self.taken(&queue) == "\nmore\n1 dropped\n")
        // A whole line needs no end, and neither does what is written elsewhere.
        queue.drop(bytes, behind: 4)
        queue.add("five\n")
        #expect(self.taken(&queue) == "five\n2 dropped\n")
        queue.drop(bytes, behind: 6)
        queue.beginsAnew()
        queue.add("six\n")
        #expect(self.taken(&queue) == "six\n2 dropped\n")
    }

    /// A pipe as it is between a program and whoever keeps its log.
    private final class Pipe: Sendable {
        let reader: CInt
        let writer: CInt

        init() throws {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            (self.reader, self.writer) = (ends[0], ends[1])
        }

        deinit {
            close(self.reader)
            close(self.writer)
        }

        /// Waits until something is there.
        func read() -> String {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = bytes.withUnsafeMutableBytes { Self.read(self.reader, $0) }
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }

        private static func read(_ descriptor: CInt, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
            #if canImport(Glibc)
                Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, bytes.baseAddress, bytes.count)
            #else
                Darwin.read(descriptor, bytes.baseAddress, bytes.count)
            #endif
        }
    }

    @Test func whoLogsToAPipeThatNobodyReadsGoesOnAndTheReaderHearsHowManyLinesItHasMissed() throws {
        let pipe = try Pipe()
        let writer = LineWriter(descriptor: pipe.writer, limit: 1_000)
        let logger = Logger(label: "test") { LineLogHandler(StreamLogHandler(label: $0, stream: writer)) }
        // Far more than a pipe holds: 64 KiB. That this ends is what is tested.
        let count = 10_000
        for number in 1...count { logger.info("line", metadata: ["number": "\(number)"]) }
        let dropped = writer.dropped
        #expect(dropped > count / 2)

        // Each line is there, or counted where it would stand.
        var (accounted, missed, rest) = (0, 0, "")
        while accounted < count {
            rest += pipe.read()
            while let end = rest.firstIndex(of: "\n") {
                let line = rest[..<end]
                if let lines = Self.number("lines", in: line) {
                    #expect(line.contains(" warning seaway.log: "))
                    missed += lines
                    accounted += lines
                } else {
                    #expect(Self.number("number", in: line) == accounted + 1)
                    accounted += 1
                }
                rest.removeSubrange(...end)
            }
        }
        #expect(missed == dropped)

        logger.info("read again")
        #expect(pipe.read().contains("read again"))
        #expect(writer.dropped == dropped)
    }

    /// The value of such a field of a line.
    private static func number(_ key: String, in line: Substring) -> Int? {
        line.split(separator: " ").first { $0.hasPrefix("\(key)=") }.flatMap { Int($0.dropFirst(key.count + 1)) }
    }

    @Test func aFlushWaitsForWhatWasLoggedBeforeAndNotForAReaderThatDoesNotCome() throws {
        let pipe = try Pipe()
        let writer = LineWriter(descriptor: pipe.writer, limit: 1_000_000)
        writer.write("first\n")
        writer.flush(within: .seconds(30))
        #expect(pipe.read() == "first\n")
        writer.write(String(repeating: "a", count: 200_000) + "\n")
        writer.flush(within: .milliseconds(10))
        #expect(writer.dropped == 0)
        var left = 200_001
        while left > 0 { left -= pipe.read().utf8.count }
        #expect(left == 0)
    }

    @Test func linesThatCannotBeWrittenAnyMoreAreCounted() {
        // No descriptor has this number.
        let writer = LineWriter(descriptor: -1, limit: 1_000)
        writer.write("one\n")
        writer.flush(within: .seconds(30))
        #expect(writer.dropped == 1)
        writer.write("two\n")
        writer.flush(within: .seconds(30))
        // The line that would have told of the first as well.
        #expect(writer.dropped == 3)
    }
}
