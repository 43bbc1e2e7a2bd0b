/// One option of a command, as a configuration file and the environment give it.
package struct Setting: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// One text.
        case value
        /// Texts in their order; on the command line the option is repeated.
        case list
        /// A flag.
        ///
        /// - Parameter off: the flag that says no, where there is one.
        case flag(off: String?)
        /// All that stands behind `--` on the command line.
        case rest
    }

    /// The name of the option without `--`.
    package let name: String
    package let kind: Kind
    /// What help calls the value, such as `bytes`.
    package let valueName: String?
    /// The texts that are allowed, where they are counted out.
    package let allowed: [String]
    /// What help says that holds when nobody gives a value.
    package let fallback: String?

    package init(
        _ name: String, _ kind: Kind, valueName: String? = nil, allowed: [String] = [], fallback: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.valueName = valueName
        self.allowed = allowed
        self.fallback = fallback
    }

    /// What may stand there, for somebody whose value has another form.
    var form: String {
        switch self.kind {
        case .value where !self.allowed.isEmpty: "one of \(self.allowed.joined(separator: ", "))"
        case .value: self.valueName.map { "one value: \($0)" } ?? "one value"
        case .list: "one value or a list of them" + (self.valueName.map { ": \($0)" } ?? "")
        case .flag: "true or false"
        case .rest: "a list of words"
        }
    }

    /// Reads a yes or a no, as YAML and people write it.
    ///
    /// - Returns: `nil` for any other text.
    static func bool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }
}
