/// The tags of messages that are to be acknowledged, as a vector or a page shows them and as the broker gives them
/// (D9).
///
/// A number behind `ack=` stands for whatever the broker says there, and for the same wherever it stands again.
package struct DeliveryTags {
    private var real: [String: String] = [:]
    private var shown: [String: String] = [:]

    package init() {}

    /// What came, with tags as they are shown.
    ///
    /// - Parameter expected: what is shown; a tag in it that was not seen before is from now on the one in its place.
    package mutating func translate(_ came: [UInt8], by expected: [UInt8]) -> [UInt8] {
        for (new, tag) in zip(Self.tags(in: came), Self.tags(in: expected)) where self.real[tag] == nil {
            guard self.shown[new] == nil else { continue }
            self.real[tag] = new
            self.shown[new] = tag
        }
        return Self.replace(came, self.shown)
    }

    /// What is to be sent, with the broker's tags.
    package func reveal(_ text: [UInt8]) -> [UInt8] { Self.replace(text, self.real) }

    private static func tags(in bytes: [UInt8]) -> [String] {
        self.words(bytes).compactMap { word in
            let text = String(decoding: word, as: UTF8.self)
            return text.hasPrefix("ack=") ? String(text.dropFirst(4)) : nil
        }
    }

    private static func replace(_ bytes: [UInt8], _ names: [String: String]) -> [UInt8] {
        guard !names.isEmpty else { return bytes }
        var replaced: [UInt8] = []
        for word in self.words(bytes) {
            let text = String(decoding: word, as: UTF8.self)
            let start = ["ack=", "Ack="].first { text.hasPrefix($0) } ?? ""
            if let name = names[String(text.dropFirst(start.count))] {
                replaced += Array((start + name).utf8)
            } else {
                replaced += word
            }
            if word.endIndex < bytes.count { replaced.append(bytes[word.endIndex]) }
        }
        return replaced
    }

    /// What stands between spaces and line ends.
    private static func words(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        bytes.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    }
}
