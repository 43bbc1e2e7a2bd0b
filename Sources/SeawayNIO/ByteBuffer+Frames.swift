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
        let most = 5 + 20 + 1 + channel.count + 1 + body.count + 1
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { target in
            var cursor = RawCursor(target)
            cursor.write("MSG :")
            cursor.write(decimal: body.count)
            cursor.write(UInt8(ascii: " "))
            cursor.write(channel)
            cursor.write(UInt8(ascii: "\n"))
            cursor.write(body)
            cursor.write(UInt8(ascii: "\n"))
            return cursor.count
        }
    }

    /// Writes `MSG` for several channels, or one that came through a group.
    package mutating func writeMessage(
        group: Name?, body: Span<UInt8>, names forEachName: ((Span<UInt8>) -> Void) -> Void
    ) {
        self.writeStaticString("MSG :")
        self.writeDecimal(body.count)
        forEachName { name in
            self.writeInteger(UInt8(ascii: " "))
            self.writeSpan(name)
        }
        if let group {
            self.writeStaticString(" group=")
            self.writeBytes(group.bytes)
        }
        self.writeInteger(UInt8(ascii: "\n"))
        self.writeSpan(body)
        self.writeInteger(UInt8(ascii: "\n"))
    }

    /// Writes a verb, a group and its channels, in as many lines as it takes (D8).
    package mutating func writeNames(_ verb: StaticString, group: Name, _ names: [Name], maxLine: Int) {
        var room = 0
        for name in names {
            if room < name.bytes.count + 1 {
                if room > 0 || name != names.first { self.writeInteger(UInt8(ascii: "\n")) }
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
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { target in
            var cursor = RawCursor(target)
            cursor.write(decimal: number)
            return cursor.count
        }
    }

    package mutating func writeSpan(_ bytes: Span<UInt8>) {
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { target in
            var cursor = RawCursor(target)
            cursor.write(bytes)
            return cursor.count
        }
    }
}

/// Writes one thing after the other into memory that was made large enough.
private struct RawCursor {
    private let target: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ target: UnsafeMutableRawBufferPointer) { self.target = target }

    @inline(__always)
    mutating func write(_ byte: UInt8) {
        self.target[self.count] = byte
        self.count += 1
    }

    @inline(__always)
    mutating func write(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { self.write(text.utf8Start[index]) }
    }

    @inline(__always)
    mutating func write(_ bytes: Span<UInt8>) {
        guard bytes.count > 0 else { return }
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: self.target[self.count...]).copyMemory(from: source)
        }
        self.count += bytes.count
    }

    /// - Parameter number: not negative.
    @inline(__always)
    mutating func write(decimal number: Int) {
        var digits = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = number
        for position in stride(from: self.count + digits - 1, through: self.count, by: -1) {
            self.target[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        self.count += digits
    }
}
