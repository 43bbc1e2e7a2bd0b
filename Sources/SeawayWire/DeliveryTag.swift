/// What a broker calls a message that it has delivered and that is to be acknowledged (D9).
package struct DeliveryTag: Hashable, Sendable {
    /// Where the message is kept.
    package enum Kind: Hashable, Sendable {
        /// In this broker's memory.
        case memory(UInt64)
        /// In this place of the store of its channel (D21). Places of several channels may be alike, their marks
        /// hardly.
        case stored(UInt64, mark: UInt64)
        /// No broker says so: it stands for nothing here.
        case unknown
    }

    package let kind: Kind

    /// Bytes of a tag, at most.
    package static let mostBytes = 64

    package init(_ number: UInt64) { self.kind = .memory(number) }

    /// Of what a store keeps: the same at each of its brokers.
    package init(stored place: UInt64, of channel: Span<UInt8>) {
        self.kind = .stored(place, mark: Self.mark(of: channel))
    }

    /// Reads 1 to 64 bytes of nchar; `nil` for anything else.
    package init?(_ word: Span<UInt8>) {
        guard (1...Self.mostBytes).contains(word.count) else { return nil }
        for index in 0..<word.count where !Name.isNameByte(word[index]) { return nil }
        if word[0] == UInt8(ascii: "s") {
            self.kind = Self.stored(word) ?? .unknown
        } else {
            self.kind = Decimal.parse(word, upTo: .max).map { .memory(UInt64($0)) } ?? .unknown
        }
    }

    private static func stored(_ word: Span<UInt8>) -> Kind? {
        guard let dot = word.firstIndex(of: UInt8(ascii: ".")),
            let place = Decimal.parse(word.extracting(1..<dot), upTo: .max),
            let mark = Decimal.parse(word.extracting((dot + 1)...), upTo: Int(UInt32.max))
        else { return nil }
        return .stored(UInt64(place), mark: UInt64(mark))
    }

    /// Of what is in this broker's memory.
    package var number: UInt64? {
        if case .memory(let number) = self.kind { number } else { nil }
    }

    /// Of what a store keeps, if it is of that channel.
    package func place(on channel: Span<UInt8>) -> UInt64? {
        guard case .stored(let place, let mark) = self.kind, mark == Self.mark(of: channel) else { return nil }
        return place
    }

    /// 32 bits of FNV-1a, which are the same in every process.
    private static func mark(of channel: Span<UInt8>) -> UInt64 {
        var hash: UInt32 = 0x811C_9DC5
        for index in 0..<channel.count { hash = (hash ^ UInt32(channel[index])) &* 0x0100_0193 }
        return UInt64(hash)
    }
}

extension DeliveryTag: CustomStringConvertible {
    /// As it stands behind `ack=`.
    package var description: String {
        switch self.kind {
        case .memory(let number): "\(number)"
        case .stored(let place, let mark): "s\(place).\(mark)"
        case .unknown: "-"
        }
    }
}
