import Foundation
import NIOCore
import SeawayServer
import Synchronization

/// A folder with files, which is removed with the last reference.
final class FileFolder {
    let url: URL
    private let parent: URL

    /// - Parameter files: what each of them holds.
    init(_ files: [String: String] = [:]) throws {
        self.parent = FileManager.default.temporaryDirectory.appending(path: "seaway-\(UUID().uuidString)")
        self.url = self.parent.appending(path: "site")
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
        try Data("secret".utf8).write(to: self.parent.appending(path: "secret"))
        for (path, content) in files { try self.write(path, Array(content.utf8)) }
    }

    deinit { try? FileManager.default.removeItem(at: self.parent) }

    var path: String { self.url.path }

    func write(_ path: String, _ content: [UInt8]) throws {
        let file = self.url.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content).write(to: file)
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: self.url.appending(path: path).path, withDestinationPath: target)
    }
}

/// Works in the turn of the loop that follows.
struct SoonThreads: FileThreads {
    func run<Value: Sendable>(
        on eventLoop: any EventLoop, _ work: @escaping @Sendable () -> Value,
        then: @escaping @Sendable (Value) -> Void
    ) {
        eventLoop.execute { then(work()) }
    }
}

/// Works when the test says so.
final class HeldThreads: FileThreads {
    private let held = Mutex<[@Sendable () -> Void]>([])

    var count: Int { self.held.withLock { $0.count } }

    func run<Value: Sendable>(
        on eventLoop: any EventLoop, _ work: @escaping @Sendable () -> Value,
        then: @escaping @Sendable (Value) -> Void
    ) {
        self.held.withLock { $0.append { then(work()) } }
    }

    /// Does what waits now, on the thread of the test.
    func work() {
        let works = self.held.withLock { held in
            defer { held = [] }
            return held
        }
        for work in works { work() }
    }
}
