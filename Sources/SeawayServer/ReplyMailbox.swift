import SeawayMessage

/// A mailbox in which what workers send to all of a server's connections comes (protocol/INTERFACE.md, I1, I2 and W1).
struct ReplyMailbox {
    /// Such as `http.response.<server>!`
    let name: String
    /// `nil` until the layer has taken the listening.
    var listening: (any Listening)?
    private var used = 0
    private let credit: Int

    /// - Parameters:
    ///   - server: of ``randomName()``.
    ///   - credit: how many messages may be delivered ahead.
    init(_ prefix: String, server: String, credit: Int) {
        self.name = "\(prefix).\(server)!"
        self.credit = credit
    }

    /// The full name of a request's reply channel.
    func channel(_ number: UInt64) -> String { self.name + String(number) }

    /// The number of the request whose reply channel this is; `nil` of any other name.
    func number(of channel: String) -> UInt64? {
        let name = self.name.utf8
        let digits = channel.utf8.dropFirst(name.count)
        // The form that ``channel(_:)`` makes, and no other: at most 19 digits always fit.
        guard channel.utf8.starts(with: name), (1...19).contains(digits.count), digits.first != UInt8(ascii: "0")
        else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + UInt64(digit - UInt8(ascii: "0"))
        }
        return number
    }

    /// Counts one delivery.
    ///
    /// - Returns: how much credit must be granted again, if any: in halves, so that it never runs dry.
    mutating func useCredit() -> Int? {
        self.used += 1
        guard self.used * 2 >= self.credit else { return nil }
        defer { self.used = 0 }
        return self.used
    }

    /// 16 of `a–z 0–9`: 82 bits.
    static func randomName() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
