import Logging

extension String {
    /// For a log: what a client or a handler says cannot begin a line of its own, whatever handler the application has.
    var onOneLine: Logger.MetadataValue {
        guard self.unicodeScalars.contains(where: \.endsLines) else { return .string(self) }
        var text = ""
        for scalar in self.unicodeScalars {
            if scalar.endsLines {
                text += scalar.escaped(asASCII: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return .string(text)
    }
}

extension Unicode.Scalar {
    /// Control characters, and what some viewers take for the end of a line.
    fileprivate var endsLines: Bool {
        switch self.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
        default: false
        }
    }
}

extension IncomingMessage {
    /// What a line about it names.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["channel": self.channel.onOneLine]
        if let method = self.envelope.method { metadata["method"] = method.onOneLine }
        if let path = self.envelope.path { metadata["path"] = path.onOneLine }
        return metadata
    }
}
