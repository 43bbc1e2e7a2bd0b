import Foundation
import NIOCore
import NIOPosix
import SeawayNATS
import TestSupport

/// Real servers on free loopback ports, as many as a test asks for, with JetStream; they end with the test.
final class NATSServers {
    /// `nats-server`, where set-up has put it, or on the path; `nil`: it is not here.
    static let program: String? = {
        let folder = Vectors.protocolFolder.deletingLastPathComponent().appending(path: ".build/python/bin").path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = [folder] + path.split(separator: ":").map { String($0) }
        return folders.map { "\($0)/nats-server" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    struct Missing: Error {}

    let addresses: [NATSAddress]
    private let folder: URL
    private var processes: [Process] = []

    init(_ count: Int) async throws {
        guard let program = Self.program else { throw Missing() }
        self.folder = FileManager.default.temporaryDirectory.appending(path: "seaway-nats-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let ports = try await Self.freePorts(2 * count)
        self.addresses = ports[..<count].map { NATSAddress(host: "127.0.0.1", port: $0) }
        let routes = ports[count...].map { "\"nats://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        for index in 0..<count {
            let cluster =
                count == 1
                ? "" : "cluster { name: c, listen: \"127.0.0.1:\(ports[count + index])\", routes: [\(routes)] }\n"
            let file = self.folder.appending(path: "n\(index).conf")
            try Data(
                """
                server_name: n\(index)
                listen: "127.0.0.1:\(ports[index])"
                max_payload: 4MB
                jetstream { store_dir: "\(self.folder.path)/n\(index)", max_file_store: 1GB, max_memory_store: 64MB }
                \(cluster)
                """.utf8
            ).write(to: file)
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = ["-c", file.path, "-l", "\(self.folder.path)/n\(index).log"]
            try process.run()
            self.processes.append(process)
        }
    }

    deinit {
        for process in self.processes where process.isRunning { Self.kill(process) }
        for process in self.processes { process.waitUntilExit() }
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// The end without any warning of the server with that name.
    func kill(named name: String) {
        guard let index = Int(name.dropFirst()), self.processes.indices.contains(index) else { return }
        Self.kill(self.processes[index])
        self.processes[index].waitUntilExit()
    }

    /// It says nothing and hears nothing from when this returns, and holds its connections.
    func pause(named name: String) {
        guard let process = self.identifier(of: name) else { return }
        Foundation.kill(process, SIGSTOP)
        // Until each of its threads stands still it may answer; who else waits for it is told the same.
        var told = siginfo_t()
        waitid(P_PID, id_t(process), &told, WSTOPPED | WNOWAIT)
    }

    func resume(named name: String) { if let process = self.identifier(of: name) { Foundation.kill(process, SIGCONT) } }

    private func identifier(of name: String) -> pid_t? {
        guard let index = Int(name.dropFirst()), self.processes.indices.contains(index) else { return nil }
        return self.processes[index].processIdentifier
    }

    private static func kill(_ process: Process) { Foundation.kill(process.processIdentifier, SIGKILL) }

    private static func freePorts(_ count: Int) async throws -> [Int] {
        var channels: [any Channel] = []
        for _ in 0..<count {
            channels.append(
                try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0)
                    .get())
        }
        let ports = channels.compactMap { $0.localAddress?.port }
        for channel in channels { try await channel.close() }
        return ports
    }

    /// A connection to them, as soon as JetStream answers.
    func visit<Result: Sendable>(_ work: (NATSVisit) async throws -> Result) async throws -> Result {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return try await NATSVisit.to(self.configuration, tls: nil, on: loop, patience: 20_000, goesOn: true) {
            visit, _ in
            try await work(visit)
        }
    }

    var configuration: NATSConfiguration {
        var configuration = NATSConfiguration(servers: self.addresses)
        configuration.firstBackoff = 20
        return configuration
    }
}

extension NATSVisit {
    /// Makes a stream as soon as its servers have found one another: until then they refuse, or say nothing.
    func makeStream(_ configuration: StreamConfiguration) async throws -> StreamInfo {
        let end = ContinuousClock.now + .seconds(40)
        while true {
            do throws(JetStreamFault) {
                return try await self.call(.createStream(configuration), patience: 1_000)
            } catch {
                if case .refused(let refusal) = error, refusal.kind == .other { throw error }
                guard ContinuousClock.now < end else { throw error }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
