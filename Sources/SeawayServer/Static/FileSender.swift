import NIOCore

/// Sends one file to whoever holds the request, whatever the version of HTTP: in pieces, as a worker would, one at a
/// time, and none while the client is behind.
final class FileSender {
    private let number: UInt64
    private let server: FileServer
    private let isHead: Bool
    /// For logs.
    private let path: String
    /// `nil` while a piece of it is read, and once all was.
    private var rest: FileLookup.Rest?
    private var isPaused = false
    /// Its request is over, or its client has left.
    private(set) var isOver = false

    init(_ number: UInt64, server: FileServer, isHead: Bool, path: String) {
        self.number = number
        self.server = server
        self.isHead = isHead
        self.path = path
    }

    /// - Parameter otherwise: what happens where there is no such file.
    func begin(_ lookup: FileLookup, otherwise: @escaping () -> Void) {
        let otherwise = NIOLoopBound(otherwise, eventLoop: self.server.eventLoop)
        let sender = OnLoop(self, self.server.eventLoop)
        self.server.threads.run(on: self.server.eventLoop) {
            lookup.run()
        } then: { finding in
            sender.run { $0.found(finding, otherwise.value) }
        }
    }

    private func found(_ finding: FileLookup.Finding, _ otherwise: () -> Void) {
        // What was opened is closed with the finding.
        guard !self.isOver else { return }
        switch finding {
        case .answer(let answer, let content, let rest): self.answer(answer, content, rest)
        case .missing(let isDenied):
            if isDenied { self.server.warn("a file may not be read", self.path) }
            otherwise()
        case .noRoom:
            self.server.counters.noRoom += 1
            self.answer(.busy)
        case .failed(let code):
            self.server.counters.failed += 1
            self.server.warn("a file cannot be read", self.path, code)
            self.answer(.unreadable)
        }
    }

    func answer(_ answer: FileAnswer, _ content: [UInt8] = [], _ rest: FileLookup.Rest? = nil) {
        self.server.counters.count(status: answer.status)
        self.server.counters.bytes += content.count
        self.rest = rest
        let text = answer.text.isEmpty || self.isHead ? [] : Array("\(answer.text)\n".utf8)
        let message = Answer(
            status: answer.status, fields: answer.fields.map { ($0.name, $0.value) },
            content: content.isEmpty ? text : content, length: answer.length, moreContent: rest != nil)
        self.pass(message)
    }

    private func pass(_ message: Answer) {
        guard self.server.deliver(message, self.number) else { return self.server.end(self.number) }
        self.readOn()
    }

    private func readOn() {
        guard !self.isPaused, !self.isOver, let rest = self.rest.take() else { return }
        let sender = OnLoop(self, self.server.eventLoop)
        let pieceSize = self.server.pieceSize
        self.server.threads.run(on: self.server.eventLoop) {
            var rest = rest
            let piece = rest.next(pieceSize)
            return (piece, rest.range.isEmpty ? nil : rest)
        } then: { piece, rest in
            sender.run { $0.came(piece, rest) }
        }
    }

    private func came(_ piece: [UInt8]?, _ rest: FileLookup.Rest?) {
        guard !self.isOver else { return }
        guard let piece else {
            self.server.warn("a file became shorter, or cannot be read", self.path)
            return self.server.fail(self.number)
        }
        self.rest = rest
        self.server.counters.bytes += piece.count
        self.pass(Answer(piece: piece, moreContent: rest != nil))
    }

    func pause() { self.isPaused = true }

    func resume() {
        guard self.isPaused else { return }
        self.isPaused = false
        self.readOn()
    }

    /// Closes the file, at once or behind the read that is under way.
    func end() {
        self.isOver = true
        self.rest = nil
    }
}

@available(*, unavailable)
extension FileSender: Sendable {}
