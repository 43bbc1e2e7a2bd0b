import ArgumentParser
import Foundation
import SeawayConfiguration
import SeawayNIO

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The user's contexts: `$XDG_CONFIG_HOME/seaway/contexts.yaml`, or in `~/.config`.
struct ContextFile {
    /// The variable that names a context in place of the one that is in use.
    static let variable = "SEAWAY_CONTEXT"
    private static let mostBytes = 1 << 20

    let path: String

    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        let own = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let folder = own ?? "\(environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory())/.config"
        self.path = "\(folder)/seaway/contexts.yaml"
    }

    /// None where there is no such file.
    ///
    /// - Throws: `ValidationError` when it cannot be used, or when others may read the secrets in it.
    func read() throws -> ClientContexts {
        var status = stat()
        guard stat(self.path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return ClientContexts() }
            throw ValidationError("\(self.path) cannot be read: \(String(cString: strerror(errno))).")
        }
        do {
            let bytes = try RegularFile.bytes(self.path, most: Self.mostBytes)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationFault(self.path, "the file is not UTF-8")
            }
            let contexts = try ClientContexts(text, path: self.path)
            guard !contexts.holdsSecrets || status.st_mode & 0o077 == 0 else {
                throw ConfigurationFault(self.path, "others may read the tokens in it: chmod 600 \(self.path)")
            }
            return contexts
        } catch {
            throw ValidationError("\(error).")
        }
    }

    /// Has the file hold these; it is made, with its folder, where there is none, and its owner's alone.
    func write(_ contexts: ClientContexts) throws {
        try FileManager.default.createDirectory(
            atPath: (self.path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try PrivateFile(path: self.path).replace(with: try contexts.text)
    }

    /// A path that is found from wherever a command is started.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    /// Reads, changes and writes; what goes wrong is told in one line, with 64.
    static func change(_ work: (inout ClientContexts) throws -> Void) throws {
        let file = ContextFile()
        var contexts = try file.read()
        try Process.needing("context") {
            try work(&contexts)
            try file.write(contexts)
        }
    }
}
