import Logging
import NIOCore
import NIOHTTP1

/// Answers requests for files, of every version of HTTP, without a worker (protocol/INTERFACE.md, section 14).
///
/// Lives on the server's event loop; disks are waited for on ``FileThreads``.
final class FileServer {
    let eventLoop: any EventLoop
    let threads: any FileThreads
    /// Bytes that are read at once: what of a file is in memory, beside what waits for the client.
    let pieceSize = 65_536
    private unowned let core: ServerCore
    private let configuration: StaticConfiguration
    private let cacheControl: String?
    private var senders: [UInt64: FileSender] = [:]

    /// - Parameter core: outlives this.
    init(core: ServerCore, threads: any FileThreads) {
        self.core = core
        self.eventLoop = core.eventLoop
        self.threads = threads
        self.configuration = core.configuration.files
        self.cacheControl = self.configuration.cacheTime.map { "max-age=\($0.components.seconds)" }
    }

    var counters: FileCounters {
        get { self.core.counters.files }
        set { self.core.counters.files = newValue }
    }

    /// Takes a request whose path belongs to files.
    ///
    /// - Parameters:
    ///   - number: of a request that its holder has begun.
    ///   - toWorkers: sends it to workers after all.
    /// - Returns: whether it was taken.
    func take(
        _ number: UInt64, _ head: HTTPRequestHead, _ checked: RequestCheck.Head, toWorkers: @escaping () -> Void
    ) -> Bool {
        guard let (rule, folder) = self.route(checked) else { return false }
        let path = FilePath(rawPath: checked.target.rawPath, prefix: rule.prefix)
        let isRead = head.method == .GET || head.method == .HEAD
        if self.configuration.fallsThrough, !isRead || path == nil { return false }
        let sender = FileSender(number, server: self, isHead: checked.isHead, path: checked.target.path)
        self.senders[number] = sender
        guard isRead, let path else {
            sender.answer(isRead ? .notFound : head.method == .OPTIONS ? .options : .method)
            return true
        }
        guard self.senders.count <= self.configuration.maxFiles else {
            self.counters.noRoom += 1
            sender.answer(.busy)
            return true
        }
        self.counters.open = self.senders.count
        sender.begin(self.lookup(path, folder, head, checked)) { [unowned self] in
            self.isMissing(number, sender, toWorkers)
        }
        return true
    }

    /// The best route, unless one to workers is better (O1).
    private func route(_ checked: RequestCheck.Head) -> (RouteRule, StaticFolder)? {
        let path = checked.target.path
        guard let own = self.configuration.routes.best(host: checked.host, path: path) else { return nil }
        if let workers = self.core.configuration.routes.best(host: checked.host, path: path),
            workers.rule.comes(before: own.rule)
        {
            return nil
        }
        return own
    }

    private func lookup(
        _ path: FilePath, _ folder: StaticFolder, _ head: HTTPRequestHead, _ checked: RequestCheck.Head
    ) -> FileLookup {
        let now = HTTPDate.systemSeconds()
        let accepted = AcceptedCodings(head.headers["accept-encoding"])
        let ranges = head.headers["range"]
        let wish = FileAnswer.Wish(
            isHead: checked.isHead, accepted: accepted,
            conditions: Preconditions(now: now) { head.headers[$0] }, range: ranges.count == 1 ? ranges[0] : nil)
        return FileLookup(
            folder: folder.path, path: path, wish: wish, rawPath: checked.target.rawPath, query: checked.target.query,
            isCompressedLater: self.core.configuration.compression.isEnabled && accepted.weight(of: .gzip) > 0,
            cacheControl: self.cacheControl, pieceSize: self.pieceSize, now: now)
    }

    private func isMissing(_ number: UInt64, _ sender: FileSender, _ toWorkers: () -> Void) {
        guard self.configuration.fallsThrough else { return sender.answer(.notFound) }
        self.counters.fellThrough += 1
        self.end(number)
        toWorkers()
    }

    // MARK: What holders say

    /// Whether this request's answer comes from here.
    func isAnswering(_ number: UInt64) -> Bool { !self.senders.isEmpty && self.senders[number] != nil }

    /// - Returns: whether it was a file's.
    func pause(_ number: UInt64) -> Bool {
        guard let sender = self.senders[number] else { return false }
        sender.pause()
        return true
    }

    /// - Returns: whether it was a file's.
    func resume(_ number: UInt64) -> Bool {
        guard let sender = self.senders[number] else { return false }
        sender.resume()
        return true
    }

    func end(_ number: UInt64) {
        guard !self.senders.isEmpty, let sender = self.senders.removeValue(forKey: number) else { return }
        sender.end()
        self.counters.open = self.senders.count
    }

    // MARK: What senders say

    func deliver(_ answer: Answer, _ number: UInt64) -> Bool { self.core.deliver(.success(answer), to: number) }

    func fail(_ number: UInt64) { self.core.failFile(number) }

    func warn(_ text: String, _ path: String, _ code: Int32 = 0) {
        self.core.warn("\(text)", code == 0 ? ["path": "\(path)"] : ["path": "\(path)", "errno": "\(code)"])
    }
}

@available(*, unavailable)
extension FileServer: Sendable {}
