import SeawayMessage

/// A mailbox in which what workers send to all of a server's connections comes (protocol/INTERFACE.md, I1, I2 and W1).
struct ReplyMailbox {
    /// The random part of its name.
    let server: String
    /// Its channels.
    let names: SealedNames
    /// `nil` until the layer has taken the listening.
    var listening: (any Listening)?
    /// Deliveries whose credit was not granted again.
    private var used = 0
    private let credit: Int

    /// - Parameters:
    ///   - server: of ``randomName()``; another where that is not to be known by who knows that of other mailboxes.
    ///   - credit: how many messages may be delivered ahead.
    init(_ prefix: String, server: String, credit: Int) {
        self.server = server
        self.names = SealedNames(stem: "\(prefix).\(server)!")
        self.credit = credit
    }

    /// Such as `http.response.<server>!`
    var name: String { self.names.stem }

    /// Counts one delivery.
    mutating func useCredit() { self.used += 1 }

    /// - Parameter held: deliveries that still wait for whom they are for.
    /// - Returns: how much credit must be granted again, if any: in halves, so that it never runs dry.
    mutating func renewCredit(held: Int) -> Int? {
        let free = self.used - held
        guard free > 0, free * 2 >= self.credit else { return nil }
        self.used = held
        return free
    }

    /// 16 of `a–z 0–9`: 82 bits.
    static func randomName() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
