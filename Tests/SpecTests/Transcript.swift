import Foundation
import TestSupport
import Testing

/// A conversation on one connection, as a page of the protocol shows it.
struct Transcript: Sendable, CustomTestStringConvertible {
    enum Line: Hashable, Sendable {
        case client(String)
        /// `…` at the end stands for any text, inside for any word.
        case server(String)
    }

    let page: String
    /// Of its first line in the page, the first being 1.
    let lineNumber: Int
    let lines: [Line]

    var testDescription: String { "\(self.page):\(self.lineNumber)" }

    /// The pages with transcripts, from the top of the checkout.
    static let pages = ["protocol/PROTOCOL.md", "protocol/INTERFACE.md", "protocol/CLIENT.md"]

    static func text(of page: String) throws -> String {
        let checkout = Vectors.protocolFolder.deletingLastPathComponent()
        return try String(contentsOf: checkout.appending(path: page), encoding: .utf8)
    }

    /// All that stand between two fences and have a `C:` or `S:` line.
    static func all() throws -> [Transcript] {
        try self.pages.flatMap { page in
            try self.blocks(of: page).compactMap { number, block in
                guard block.contains(where: { $0.hasPrefix("C:") || $0.hasPrefix("S:") }) else { return nil }
                return Transcript(page: page, lineNumber: number, lines: try block.map(self.line))
            }
        }
    }

    /// What a person types into netcat: a block that begins with `$ nc`, in which whatever is no answer is typed.
    static func byHand() throws -> [Transcript] {
        try (self.pages + ["README.md"]).flatMap { page in
            try self.blocks(of: page).compactMap { number, block in
                guard block.first?.hasPrefix("$ nc ") == true else { return nil }
                let isSaid = { (line: String) in ["OK", "MSG", "{"].contains { line.hasPrefix($0) } }
                return Transcript(
                    page: page, lineNumber: number,
                    lines: block.dropFirst().map { isSaid($0) ? .server($0) : .client($0) })
            }
        }
    }

    private struct OddLine: Error { let text: String }

    private static func line(_ text: String) throws -> Line {
        if text.hasPrefix("C: ") { return .client(String(text.dropFirst(3))) }
        if text.hasPrefix("S: ") { return .server(String(text.dropFirst(3))) }
        throw OddLine(text: text)
    }

    /// What stands between the fences of a page, with the number of its first line.
    private static func blocks(of page: String) throws -> [(Int, [String])] {
        var blocks: [(Int, [String])] = []
        var block: [String]?
        for (index, line) in try self.text(of: page).components(separatedBy: "\n").enumerated() {
            if !line.hasPrefix("```") {
                block?.append(line)
            } else if let ended = block {
                blocks.append((index + 1 - ended.count, ended))
                block = nil
            } else {
                block = []
            }
        }
        return blocks
    }
}

extension Transcript.Line {
    /// Whether a line of the broker is what the page says.
    static func matches(_ line: String, _ expected: String) -> Bool {
        let parts = expected.components(separatedBy: "…")
        guard parts.count > 1 else { return line == expected }
        var rest = line[...]
        for (place, part) in parts.enumerated() {
            if place > 0, place < parts.count - 1 || !part.isEmpty { rest = rest.drop { $0 != " " } }
            // `ERR away …`: the text behind it, with its space, may be missing.
            let wanted = place == parts.count - 2 && parts[place + 1].isEmpty ? part.trimmingSuffix(" ") : part[...]
            guard rest.hasPrefix(wanted) else { return false }
            rest = rest.dropFirst(wanted.count)
        }
        return true
    }
}

extension String {
    fileprivate func trimmingSuffix(_ end: Character) -> Substring { self.last == end ? self.dropLast() : self[...] }
}
