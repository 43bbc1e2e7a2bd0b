/// The rules for topics of MQTT (3.1.1, sections 1.5.3 and 4.7; for `$share`, version 5.0, section 4.8.2).
package enum MQTTTopic {
    /// Bytes.
    package static let longest = 65_535
    /// Levels beyond this libmosquitto refuses.
    package static let deepest = 200

    /// What is wrong with a topic that is published on; nil when nothing is.
    package static func fault(inName name: String) -> String? {
        if let fault = self.fault(inText: name, "a topic") { return fault }
        guard let wildcard = name.utf8.first(where: { self.isWildcard($0) }) else { return nil }
        return "a topic that is published on has no '\(UnicodeScalar(wildcard))'"
    }

    /// What is wrong with a filter that is subscribed to; nil when nothing is.
    package static func fault(inFilter filter: String) -> String? {
        if let fault = self.fault(inText: filter, "a filter") { return fault }
        var levels = filter.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        if levels.first?.elementsEqual("$share".utf8) == true, levels.count > 1 {
            let name = levels[1]
            guard !name.isEmpty, !name.contains(where: { self.isWildcard($0) }), levels.count > 2,
                levels.count > 3 || !levels[2].isEmpty
            else { return "a shared subscription is $share/NAME/FILTER, with no + or # in its name" }
            levels = levels.dropFirst(2)
        }
        for (number, level) in levels.enumerated() where level.contains(where: { self.isWildcard($0) }) {
            guard level.count == 1 else {
                return "'\(Substring(level))': + and # stand alone between two /"
            }
            guard level.first != UInt8(ascii: "#") || number == levels.count - 1 else { return "# is the last level" }
        }
        return nil
    }

    private static func fault(inText text: String, _ what: String) -> String? {
        let count = text.utf8.count
        guard (1...self.longest).contains(count) else {
            return "\(what) has 1 to \(self.longest) bytes, this one has \(count)"
        }
        guard !text.utf8.contains(0) else { return "\(what) has no NUL" }
        let levels = text.utf8.count { $0 == UInt8(ascii: "/") } + 1
        return levels <= self.deepest ? nil : "\(what) has at most \(self.deepest) levels, this one has \(levels)"
    }

    private static func isWildcard(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") }
}
