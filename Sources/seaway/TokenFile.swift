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

    private func systemFault(_ verb: String) -> Fault {
        Fault(description: "\(self.path) cannot be \(verb): \(String(cString: strerror(errno)))")
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
        let new = TokenFile(path: "\(self.path).new")
        // What an interrupted run has left behind.
        new.delete()
        try new.create(text)
        guard rename(new.path, self.path) == 0 else {
            let fault = self.systemFault("replaced")
            new.delete()
            throw fault
        }
    }

    func delete() { unlink(self.path) }

    /// Makes a file that only its owner can read.
    ///
    /// - Throws: when it is there already.
    func create(_ text: String) throws(Fault) {
        let descriptor = open(self.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.systemFault("made") }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw self.systemFault("written") }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw self.systemFault("written") }
    }
}
