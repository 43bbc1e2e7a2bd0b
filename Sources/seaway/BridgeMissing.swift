import ArgumentParser

/// What a bridge says that was left out, because the library of its service was not installed when this program was built.
struct MissingLibrary: Error, CustomStringConvertible {
    let bridge: String
    let package: String

    var description: String {
        """
        This seaway was built without the \(self.bridge) bridge, since \(self.package) was not installed. Install it \
        (apt-get install \(self.package)) and build again.
        """
    }

    /// Ends the process with 69.
    func leave() throws -> Never {
        Process.say("seaway: \(self)")
        throw ExitCode.unavailable
    }
}
