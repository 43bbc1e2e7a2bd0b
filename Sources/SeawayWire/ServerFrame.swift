/// What a broker says: a line whose words are in order (PROTOCOL.md, sections 3 and 6).
package enum ServerFrame: Hashable, Sendable {
    /// `OK`, with its options.
    case ok(WireOptions)
    case refused(code: String, text: String)
    /// The body is the answer.
    case data
    case pong
    case hello(WireOptions)
    /// The body is the message.
    case message(channels: [String], group: String?)
    /// The same of one that is to be acknowledged (D9) or is a dead letter (D14), as its options say.
    case noted(channels: [String], WireOptions)
    /// The body is a message that passes (Y2).
    case copy(channels: [String], group: String?)
    /// So many copies were not shown (Y3).
    case missed(Int)
    case joined(group: String, channels: [String])
    case left(group: String, channels: [String])
    case lost(name: String)
    case ping
    case bye(EndReason?, text: String)
    /// A verb of a later version; to be passed over (A2).
    case other

    /// Whether it answers a request (A1).
    package var isAnswer: Bool {
        switch self {
        case .ok, .refused, .data, .pong, .hello: true
        case .message, .noted, .copy, .missed, .joined, .left, .lost, .ping, .bye, .other: false
        }
    }

    /// Reads the words of a line.
    ///
    /// - Parameters:
    ///   - line: without its end.
    ///   - hasBody: whether a size stands behind the verb.
    package init(line: Span<UInt8>, hasBody: Bool) {
        var words = Words()
        guard let first = words.next(in: line) else {
            self = .other
            return
        }
        let verb = line.extracting(first)
        if hasBody { _ = words.next(in: line) }
        if verb.equals("MSG") {
            let (names, options) = Self.rest(of: line, words)
            guard !names.isEmpty, hasBody else {
                self = .other
                return
            }
            let isNoted = !options.all.isEmpty && (options["ack"] != nil || options["dead"] != nil)
            self = isNoted ? .noted(channels: names, options) : .message(channels: names, group: options["group"])
        } else if verb.equals("OK") {
            self = .ok(Self.rest(of: line, words).options)
        } else if verb.equals("ERR") {
            let code = words.next(in: line).map { line.extracting($0).text } ?? ""
            self = .refused(code: code, text: words.remainder(of: line))
        } else if verb.equals("DATA") {
            self = hasBody ? .data : .other
        } else if verb.equals("PONG") {
            self = .pong
        } else if verb.equals("HELLO") {
            self = .hello(Self.rest(of: line, words).options)
        } else {
            self = Self.rare(verb, line, words, hasBody: hasBody)
        }
    }

    private static func rare(
        _ verb: Span<UInt8>, _ line: Span<UInt8>, _ words: Words, hasBody: Bool
    ) -> ServerFrame {
        var words = words
        if verb.equals("PING") { return .ping }
        if verb.equals("BYE") {
            let reason = words.next(in: line).map { line.extracting($0).text } ?? ""
            return .bye(EndReason(rawValue: reason), text: words.remainder(of: line))
        }
        let (names, options) = Self.rest(of: line, words)
        guard let first = names.first else { return .other }
        if verb.equals("COPY") { return hasBody ? .copy(channels: names, group: options["group"]) : .other }
        if verb.equals("MISSED") { return .missed(Int(first) ?? 0) }
        if verb.equals("LOST") { return .lost(name: first) }
        if verb.equals("JOINED") { return .joined(group: first, channels: Array(names.dropFirst())) }
        if verb.equals("LEFT") { return .left(group: first, channels: Array(names.dropFirst())) }
        return .other
    }

    private static func rest(of line: Span<UInt8>, _ words: Words) -> (names: [String], options: WireOptions) {
        var words = words
        var names: [String] = []
        var options = WireOptions()
        while let range = words.next(in: line) {
            let word = line.extracting(range)
            if word.firstIndex(of: UInt8(ascii: "=")) == nil {
                names.append(word.text)
            } else {
                // An option that cannot be read is one that is not known.
                try? options.add(word)
            }
        }
        return (names, options)
    }
}
