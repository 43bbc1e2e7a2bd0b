/// Where a value comes from; those above win over those below.
package enum Origin: Hashable, Sendable, CustomStringConvertible {
    case flag
    /// A variable of the environment.
    case environment(String)
    /// - Parameter key: with the section before it.
    case file(String, line: Int, key: String)
    case fallback

    package var description: String {
        switch self {
        case .flag: "flag"
        case .environment(let name): name
        case .file(let path, let line, _): "\(path):\(line)"
        case .fallback: "default"
        }
    }

    /// What stands in a message in place of the option's name; `nil` where that is right.
    var name: String? {
        switch self {
        case .environment(let name): name
        case .file(_, _, let key): key
        case .flag, .fallback: nil
        }
    }

    /// Where to look for it, in front of a message.
    var place: String? {
        if case .file(let path, let line, _) = self { "\(path):\(line)" } else { nil }
    }
}
