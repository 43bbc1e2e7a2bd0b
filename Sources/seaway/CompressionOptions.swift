import ArgumentParser
import SeawayServer

/// Answers that are compressed on their way: INTERFACE.md, section 15.
struct CompressionOptions: ParsableArguments {
    @Flag(
        help:
            "Compress answers for clients that take gzip; not for pages with secrets beside what a client chooses (BREACH)."
    )
    var compress = false

    @Option(help: .size("Smallest content that is compressed."))
    var compressFrom = SizeOption(bytes: 1_024)

    @Option(help: ArgumentHelp("1 is fast, 9 is small.", valueName: "level"))
    var compressLevel = 5

    @Option(
        help: ArgumentHelp(
            "Type of content that is compressed: text/html, text/* or *+json; replaces the usual ones; repeat it.",
            valueName: "type"))
    var compressType: [String] = []

    @Option(help: .count("Answers that are compressed at once, each in 262 KiB; others go as they are."))
    var maxCompressors = 256

    func validate() throws {
        guard (1...9).contains(self.compressLevel) else {
            throw ValidationError("--compress-level is \(self.compressLevel); allowed is 1 to 9.")
        }
        guard (1...100_000).contains(self.maxCompressors) else {
            throw ValidationError("--max-compressors is \(self.maxCompressors); allowed is 1 to 100000.")
        }
        for type in self.compressType where !Self.isType(type) {
            throw ValidationError("--compress-type: '\(type)' is no type such as text/html, text/* or *+json.")
        }
    }

    private static func isType(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isLegal = text.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",")
        }
        guard isLegal else { return false }
        if text.hasPrefix("*+") { return parts.count == 1 && text.utf8.count > 2 }
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && !parts[0].contains("*")
            && (parts[1] == "*" || !parts[1].contains("*"))
    }

    var configuration: CompressionConfiguration {
        var configuration = CompressionConfiguration()
        configuration.isEnabled = self.compress
        configuration.smallest = self.compressFrom.bytes
        configuration.level = self.compressLevel
        configuration.maxCompressors = self.maxCompressors
        if !self.compressType.isEmpty { configuration.mediaTypes = self.compressType.map { $0.lowercased() } }
        return configuration
    }
}
