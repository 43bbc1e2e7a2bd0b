import SeawayCrypto
package import SeawayWire

/// The names that durable channels have in JetStream.
///
/// A pattern has a stream, a channel of it a subject, `sw.q.STREAM.CHANNEL`, and a consumer; its dead letters and what
/// is not due yet have streams of their own. Streams and consumers are named by letters, digits and `-`; any other byte
/// of a name is written as `_` and two hexadecimal digits, so that no two share one. What would become too long for a
/// server ends in `__` and a part of its SHA-256.
package enum DurableName {
    /// What all subjects begin with: nobody else is to subscribe there, or "no such stream" becomes silence.
    package static let root = "sw.q"

    package static func stream(of pattern: Pattern) -> String { "sw-\(self.escaped(pattern.description))" }

    /// Where its dead letters are.
    package static func deadStream(of pattern: Pattern) -> String { "swx-\(self.escaped(pattern.description))" }

    /// Where is what is not due yet.
    package static func laterStream(of pattern: Pattern) -> String { "swd-\(self.escaped(pattern.description))" }

    package static func consumer(of channel: Name) -> String { self.escaped(channel.description) }

    /// A subject's tokens must not be empty: an empty one is written `~`, which no name can hold.
    package static func subject(of channel: Name, in stream: String) -> String {
        let tokens = channel.description.split(separator: ".", omittingEmptySubsequences: false)
        return "\(self.root).\(stream).\(tokens.map { $0.isEmpty ? "~" : String($0) }.joined(separator: "."))"
    }

    /// All channels of a stream.
    package static func subjects(of stream: String) -> String { "\(self.root).\(stream).>" }

    /// - Returns: `nil` for a subject of something else.
    package static func channel(of subject: String, in stream: String) -> Name? {
        let prefix = "\(self.root).\(stream)."
        guard subject.hasPrefix(prefix) else { return nil }
        let tokens = subject.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
        return Name(tokens.map { $0 == "~" ? "" : String($0) }.joined(separator: "."))
    }

    private static func escaped(_ text: String) -> String {
        var name = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            default: name += "_\(self.hexadecimal(byte))"
            }
        }
        guard name.utf8.count > self.maxLength else { return name }
        let digest = SHA256.digest(of: Array(text.utf8)).prefix(16)
        return name.prefix(self.maxLength - 34) + "__" + digest.map { self.hexadecimal($0) }.joined()
    }

    /// Bytes of a name, without what stands before it: servers take 255, and make a folder of it.
    private static let maxLength = 200

    private static func hexadecimal(_ byte: UInt8) -> String {
        "\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
    }
}
