import ArgumentParser
import Foundation
import SeawayServer

/// Files that the server sends by itself: INTERFACE.md, section 14.
struct StaticOptions: ParsableArguments {
    @Option(
        name: .customLong("static"),
        help: ArgumentHelp(
            "Folder whose files answer requests whose path begins so, without a worker; repeat it.",
            valueName: "[host]/prefix=folder"))
    var folders: [String] = []

    @Option(help: .time("How long clients and caches may keep files without asking again; not said unless given."))
    var staticCache: TimeOption?

    @Flag(help: "What is no file goes to the workers, instead of being answered with 404.")
    var staticFallthrough = false

    @Option(help: .count("Files that are open at once."))
    var staticMaxFiles = 1_024

    func validate() throws {
        guard (1...1_000_000).contains(self.staticMaxFiles) else {
            throw ValidationError("--static-max-files is \(self.staticMaxFiles); allowed is 1 to 1000000.")
        }
        _ = try self.configuration()
    }

    /// Descriptors that files may take.
    var descriptors: Int { self.folders.isEmpty ? 0 : self.staticMaxFiles }

    func configuration() throws -> StaticConfiguration {
        var configuration = StaticConfiguration()
        do {
            configuration.routes = try Routes(self.folders)
        } catch {
            throw ValidationError("--static: \(error)")
        }
        for folder in configuration.routes.targets {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
            else { throw ValidationError("--static: '\(folder.path)' is no folder.") }
        }
        configuration.cacheTime = self.staticCache?.duration
        configuration.fallsThrough = self.staticFallthrough
        configuration.maxFiles = self.staticMaxFiles
        return configuration
    }
}
