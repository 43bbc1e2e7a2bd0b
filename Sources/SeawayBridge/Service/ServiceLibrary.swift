import CLibpq
import CMosquitto

/// A library of another service, which is loaded when its bridge is started: programs run where it is not installed.
package enum ServiceLibrary: String, Sendable {
    case libpq
    case libmosquitto

    /// It is not installed.
    package struct Missing: Error, Hashable, Sendable, CustomStringConvertible {
        package let library: ServiceLibrary

        package var description: String {
            let (package, formula) = self.library.packages
            return """
                \(self.library.rawValue) is not installed, by which this bridge speaks to its service: \
                apt-get install \(package) (on macOS: brew install \(formula))
                """
        }
    }

    /// Of Debian, and of Homebrew.
    private var packages: (debian: String, homebrew: String) {
        switch self {
        case .libpq: ("libpq5", "libpq")
        case .libmosquitto: ("libmosquitto1", "mosquitto")
        }
    }

    private static let hasLibpq = clibpq_load() != 0
    private static let hasLibmosquitto = cmosquitto_load() != 0

    /// Loads it, once in a process.
    package func load() throws(Missing) {
        let isThere =
            switch self {
            case .libpq: Self.hasLibpq
            case .libmosquitto: Self.hasLibmosquitto
            }
        guard isThere else { throw Missing(library: self) }
    }
}
