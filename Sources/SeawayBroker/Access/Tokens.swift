/// The tokens of a broker, as its file names them.
package struct Tokens: Hashable, Sendable {
    /// A file that cannot be used; nothing of it is.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The first is 1.
        package let line: Int
        package let reason: String
        package var description: String { "line \(self.line): \(self.reason)" }
    }

    private var byName: [String: Token] = [:]
    /// For names that are not there, so that how long an answer takes does not tell which are.
    private let nobody: Token?

    /// Reads a file: a token a line, empty lines and those that begin with `#` passed over.
    package init(parsing text: String) throws(Fault) {
        self.nobody = Token.make("nobody", permissions: Permissions())?.token
        for (index, line) in Self.lines(of: text).enumerated() {
            guard let first = line.first(where: { $0 != " " }), first != "#" else { continue }
            do throws(Token.Fault) {
                let token = try Token(line: line)
                guard self.byName.updateValue(token, forKey: token.name) == nil else {
                    throw Token.Fault(description: "\(token.name) stands there twice")
                }
                self.names.append(token.name)
            } catch {
                throw Fault(line: index + 1, reason: error.description)
            }
        }
    }

    /// CR LF is one character of a string.
    package static func lines(of text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }

    package var count: Int { self.byName.count }

    /// In the order of the file.
    package private(set) var names: [String] = []

    /// As in the file: `send=PATTERN,…` and so on.
    package func rights(of name: String) -> [String] { self.byName[name]?.rights ?? [] }

    /// Recognizes `NAME.SECRET`.
    func token(for text: String) -> Token? {
        guard let dot = text.lastIndex(of: ".") else { return nil }
        let known = self.byName[String(text[..<dot])]
        let secret = text[text.index(after: dot)...]
        guard let token = known ?? self.nobody, token.isOpened(by: secret) else { return nil }
        return known
    }

    /// What has become of a token; `nil` when its secret is no longer good.
    func successor(of token: Token) -> Token? {
        self.byName[token.name].flatMap { $0.isSame(as: token) ? $0 : nil }
    }
}
