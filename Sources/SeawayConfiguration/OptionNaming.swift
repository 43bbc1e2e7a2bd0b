extension EffectiveSettings {
    /// Has a message name the file's line and key, or the variable, where it names an option that nobody gave on the
    /// command line: `--max-body is 65M; …` becomes `seaway.yaml:7: broker.max-body is 65M; …`.
    package func naming(_ message: String) -> String {
        var text = ""
        var places: [String] = []
        var rest = message[...]
        while let start = rest.range(of: "--") {
            text += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" }
            rest = rest[name.endIndex...]
            guard let origin = self.origin(ofOption: String(name)), let better = origin.name else {
                text += "--\(name)"
                continue
            }
            if let place = origin.place, !places.contains(place) { places.append(place) }
            // swift-argument-parser writes '--max-body <bytes>'.
            if text.last == "'", rest.hasPrefix(" <"), let end = rest.range(of: ">'") {
                text.removeLast()
                rest = rest[end.upperBound...]
            }
            text += better
        }
        text += rest
        return places.isEmpty ? text : "\(places.joined(separator: ", ")): \(text)"
    }

    private func origin(ofOption name: String) -> Origin? {
        self.entries.first { $0.setting.name == name || $0.setting.kind == .flag(off: name) }?.origin
    }
}

extension Substring {
    /// Where a text stands first.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = self.startIndex
        while start < self.endIndex {
            if self[start...].hasPrefix(text) { return start..<self.index(start, offsetBy: text.count) }
            start = self.index(after: start)
        }
        return nil
    }
}
