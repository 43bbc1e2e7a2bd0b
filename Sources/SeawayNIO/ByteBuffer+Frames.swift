package import NIOCore
package import SeawayWire

/// Frames as they are written; what may stand in them is the caller's care.
extension ByteBuffer {
    /// Writes a line that is known when the program is built, its LF included.
    @inline(__always)
    package mutating func writeLine(_ line: StaticString) {
        self.writeStaticString(line)
    }

    /// Writes `MSG` for one channel: by far the most frequent push.
    package mutating func writeMessage(_ channel: Span<UInt8>, body: Span<UInt8>) {
        self.writeRaw(atMost: 5 + 20 + 1 + channel.count + 1 + body.count + 1) { cursor in
            cursor.write("MSG :")
            cursor.write(decimal: body.count)
            cursor.write(UInt8(ascii: " "))
            cursor.write(channel)
            cursor.write(UInt8(ascii: "\n"))
            cursor.write(body)
            cursor.write(UInt8(ascii: "\n"))
        }
    }

    /// Writes `MSG` for several channels, or one that came through a group.
    ///
    /// - Parameter verb: `COPY` for one that only passes.
    package mutating func writeMessage(
        _ verb: StaticString = "MSG", group: Name?, body: Span<UInt8>,
        names forEachName: ((Span<UInt8>) -> Void) -> Void
    ) {
        self.writeRaw(atMost: RawCursor.mostOfHead(verb, group, forEachName) + body.count + 1) { cursor in
            cursor.writeHead(verb, group, body.count, forEachName)
            cursor.write(body)
            cursor.write(UInt8(ascii: "\n"))
        }
    }

    /// Writes `MSG` for one channel with options behind it.
    ///
    /// - Parameters:
    ///   - lease: what it is acknowledged by, and how often it was delivered (D9).
    ///   - others: further options, each with a space before it.
    package mutating func writeMessage(
        _ channel: Span<UInt8>, body: Span<UInt8>, lease: (tag: DeliveryTag, times: Int)?, others: String
    ) {
        var others = others
        let most = 5 + 20 + 1 + channel.count + 5 + 32 + 7 + 20 + others.utf8.count + 1 + body.count + 1
        self.writeRaw(atMost: most) { cursor in
            cursor.write("MSG :")
            cursor.write(decimal: body.count)
            cursor.write(UInt8(ascii: " "))
            cursor.write(channel)
            if let lease {
                cursor.write(" ack=")
                switch lease.tag.kind {
                case .memory(let number): cursor.write(decimal: Int(number))
                case .stored(let place, let mark):
                    cursor.write(UInt8(ascii: "s"))
                    cursor.write(decimal: Int(clamping: place))
                    cursor.write(UInt8(ascii: "."))
                    cursor.write(decimal: Int(mark))
                case .unknown: cursor.write(UInt8(ascii: "-"))
                }
                cursor.write(" times=")
                cursor.write(decimal: lease.times)
            }
            others.withUTF8 { cursor.write(Span(_unsafeElements: $0)) }
            cursor.write(UInt8(ascii: "\n"))
            cursor.write(body)
            cursor.write(UInt8(ascii: "\n"))
        }
    }

    /// The line of the same alone, whose body and its LF the caller has elsewhere.
    ///
    /// - Parameter size: bytes of the body.
    package mutating func writeMessageHead(
        group: Name?, size: Int, names forEachName: ((Span<UInt8>) -> Void) -> Void
    ) {
        self.writeRaw(atMost: RawCursor.mostOfHead("MSG", group, forEachName)) {
            $0.writeHead("MSG", group, size, forEachName)
        }
    }

    /// Writes a verb, a group and its channels, in as many lines as it takes (D8).
    package mutating func writeNames(_ verb: StaticString, group: Name, _ names: [Name], maxLine: Int) {
        var room = 0
        for (place, name) in names.enumerated() {
            if room < name.bytes.count + 1 {
                if place > 0 { self.writeInteger(UInt8(ascii: "\n")) }
                self.writeStaticString(verb)
                self.writeInteger(UInt8(ascii: " "))
                self.writeBytes(group.bytes)
                room = maxLine - verb.utf8CodeUnitCount - 1 - group.bytes.count
            }
            self.writeInteger(UInt8(ascii: " "))
            self.writeBytes(name.bytes)
            room -= name.bytes.count + 1
        }
        self.writeInteger(UInt8(ascii: "\n"))
    }

    /// Writes a whole number in decimal digits.
    package mutating func writeDecimal(_ number: Int) {
        self.writeRaw(atMost: 20) { $0.write(decimal: number) }
    }

    /// Writes with one check of the room that there is.
    @inline(__always)
    private mutating func writeRaw(atMost most: Int, _ write: (inout RawCursor) -> Void) {
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { target in
            guard let start = target.baseAddress else { return 0 }
            var cursor = RawCursor(start)
            write(&cursor)
            return cursor.count
        }
    }
}

/// Writes one thing after the other into memory that was made large enough.
private struct RawCursor {
    private let start: UnsafeMutableRawPointer
    private(set) var count = 0

    @inline(__always)
    init(_ start: UnsafeMutableRawPointer) { self.start = start }

    @inline(__always)
    mutating func write(_ byte: UInt8) {
        self.start.storeBytes(of: byte, toByteOffset: self.count, as: UInt8.self)
        self.count += 1
    }

    @inline(__always)
    mutating func write(_ text: StaticString) {
        (self.start + self.count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        self.count += text.utf8CodeUnitCount
    }

    @inline(__always)
    mutating func write(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { source in
            guard let first = source.baseAddress else { return }
            (self.start + self.count).copyMemory(from: first, byteCount: source.count)
        }
        self.count += bytes.count
    }

    /// How long the line of a message is at most.
    @inline(__always)
    static func mostOfHead(
        _ verb: StaticString, _ group: Name?, _ forEachName: ((Span<UInt8>) -> Void) -> Void
    ) -> Int {
        var most = verb.utf8CodeUnitCount + 2 + 20 + 7 + (group?.bytes.count ?? 0) + 1
        forEachName { most += $0.count + 1 }
        return most
    }

    /// The line of a message for several channels, with its LF.
    @inline(__always)
    mutating func writeHead(
        _ verb: StaticString, _ group: Name?, _ size: Int, _ forEachName: ((Span<UInt8>) -> Void) -> Void
    ) {
        self.write(verb)
        self.write(" :")
        self.write(decimal: size)
        forEachName { name in
            self.write(UInt8(ascii: " "))
            self.write(name)
        }
        if let group {
            self.write(" group=")
            self.write(group.bytes.span)
        }
        self.write(UInt8(ascii: "\n"))
    }

    /// - Parameter number: not negative.
    @inline(__always)
    mutating func write(decimal number: Int) {
        var digits = 1
        var power = 10
        while digits < 19, number >= power {
            digits += 1
            power = power &* 10
        }
        var rest = number
        for position in stride(from: self.count + digits - 1, through: self.count, by: -1) {
            self.start.storeBytes(
                of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10), toByteOffset: position, as: UInt8.self)
            rest /= 10
        }
        self.count += digits
    }
}
