import SeawayBroker
import SeawayNIO

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The broker's file of tokens: a regular one, and its owner's alone once it was changed here.
struct TokenFile: Sendable {
    /// Why it cannot be used.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Beyond it nothing is read: a wrong path is not to fill the memory.
    private static let mostBytes = 16 << 20
    let path: String

    func read() throws(Fault) -> Tokens { try self.parse(try self.text()) }

    private func parse(_ text: String) throws(Fault) -> Tokens {
        do throws(Tokens.Fault) {
            return try Tokens(parsing: text)
        } catch {
            throw Fault(description: "\(self.path), \(error)")
        }
    }

    private func text() throws(Fault) -> String {
        let bytes: [UInt8]
        do throws(RegularFile.Fault) {
            bytes = try RegularFile.bytes(self.path, most: Self.mostBytes)
        } catch {
            throw Fault(description: error.description)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Fault(description: "\(self.path) is not UTF-8")
        }
        return text
    }
}

// MARK: Changing it

extension TokenFile {
    /// Puts a token behind the others; the file is made when there is none.
    func add(_ token: Token) throws(Fault) {
        var text = access(self.path, F_OK) == 0 ? try self.text() : ""
        guard try !self.parse(text).names.contains(token.name) else {
            throw Fault(description: "\(self.path) has a token with the name \(token.name)")
        }
        if !text.isEmpty, text.utf8.last != UInt8(ascii: "\n") { text += "\n" }
        try self.replace(with: text + token.line + "\n")
    }

    /// Takes a token out; comments stay.
    func remove(_ name: String) throws(Fault) {
        let text = try self.text()
        guard try self.parse(text).names.contains(name) else {
            throw Fault(description: "\(self.path) has no token with the name \(name)")
        }
        let rest = Tokens.lines(of: text).filter { $0.split(separator: " ").first.map(String.init) != name }
        try self.replace(with: rest.joined(separator: "\n"))
    }

    /// Whoever reads the path sees the old file whole, or the new one.
    private func replace(with text: String) throws(Fault) {
        do throws(PrivateFile.Fault) {
            try self.file.replace(with: text)
        } catch {
            throw Fault(description: error.description)
        }
    }

    private var file: PrivateFile { PrivateFile(path: self.path) }
}
