import SeawayMessage
import Subprocess
import Synchronization

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// One run of a program.
final class ProgramRun: Sendable {
    private typealias Running = Execution<CustomWriteInput, SequenceOutput, SequenceOutput>

    /// Bytes and lines of standard error that are kept for the log; the last ones.
    private static let maxErrorText = 2_048
    private static let maxErrorLines = 20
    /// Bytes of a line that is shown in the log.
    private static let shown = 80
    /// SIGTERM, and SIGKILL 2 s later.
    private static let teardown = [TeardownStep.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]

    private let rule: ProgramRule
    private let delivery: Delivery
    private let reply: ProgramReply
    private let pump: Pump
    private let answers: Mutex<ProgramAnswers>
    private let running: RunningPrograms
    private let errorBytes = Mutex<[UInt8]>([])

    init(
        _ rule: ProgramRule, _ delivery: Delivery, _ reply: ProgramReply, _ pump: Pump, _ running: RunningPrograms
    ) {
        self.rule = rule
        self.delivery = delivery
        self.reply = reply
        self.pump = pump
        self.answers = Mutex(ProgramAnswers(reply))
        self.running = running
    }

    /// The end of what the program wrote to standard error.
    var errorText: String {
        let bytes = self.errorBytes.withLock { $0 }
        let lines = bytes.split(separator: UInt8(ascii: "\n")).suffix(Self.maxErrorLines)
        return lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }

    /// How it went; to be asked once, when it has ended.
    func verdict(_ end: ProgramEnd) -> ProgramAnswers.Verdict { self.answers.withLock { $0.ended(end) } }

    func run() async -> ProgramEnd {
        do {
            return try await withThrowingTaskGroup(of: ProgramEnd.self) { group in
                group.addTask { try await self.runUnlimited() }
                group.addTask {
                    try await Task.sleep(for: self.rule.timeLimit)
                    return .timedOut(limit: self.rule.timeLimit)
                }
                // Cancelling ends the program.
                defer { group.cancelAll() }
                return try await group.next() ?? .timedOut(limit: self.rule.timeLimit)
            }
        } catch {
            return .notStarted("\(error)")
        }
    }

    private func runUnlimited() async throws -> ProgramEnd {
        let result = try await Subprocess.run(
            self.configuration, input: .inputWriter, output: .sequence, error: .sequence
        ) { (running: Running) in
            self.running.add(running.processIdentifier.value)
            defer { self.running.remove(running.processIdentifier.value) }
            return try await withThrowingTaskGroup { group in
                group.addTask { await self.write(to: running) }
                group.addTask { try await self.keepErrors(of: running) }
                let isBounded = try await self.forward(running)
                if !isBounded { await running.teardown(using: Self.teardown) }
                try await group.waitForAll()
                return isBounded
            }
        }
        guard result.closureResult else { return .tooMuchOutput(limit: self.rule.maxOutput) }
        return switch result.terminationStatus {
        case .exited(let code): .exited(Int(code))
        case .signaled(let signal): .killed(signal: Int(signal))
        }
    }

    private var configuration: Configuration {
        var options = PlatformOptions()
        options.teardownSequence = Self.teardown
        // What the program starts ends with it.
        options.processGroupID = 0
        let program = self.rule.program
        return Configuration(
            executable: program.contains("/") ? .path(FilePath(program)) : .name(program),
            arguments: Arguments(self.rule.arguments),
            environment: .inherit.updating([
                "SEAWAY_CHANNEL": self.delivery.channels.first ?? "", "SEAWAY_GROUP": self.delivery.group ?? "",
            ]),
            platformOptions: options)
    }

    private func write(to running: Running) async {
        // A program need not read its input.
        _ = try? await running.standardInputWriter.write(self.delivery.body.json + [UInt8(ascii: "\n")])
        try? await running.standardInputWriter.finish()
    }

    private func keepErrors(of running: Running) async throws {
        for try await buffer in running.standardError {
            self.errorBytes.withLock { kept in
                buffer.withUnsafeBytes { kept += $0 }
                kept = Array(kept.suffix(Self.maxErrorText))
            }
        }
    }

    /// - Returns: whether it wrote no more than allowed.
    private func forward(_ running: Running) async throws -> Bool {
        var splitter = LineSplitter(limit: self.rule.maxLine)
        var left = self.rule.maxOutput
        for try await buffer in running.standardOutput {
            left -= buffer.count
            guard left >= 0 else { return false }
            for line in buffer.withUnsafeBytes({ splitter.lines(in: $0) }) { await self.answer(line) }
        }
        if let line = splitter.end() { await self.answer(line) }
        return true
    }

    private func answer(_ line: LineSplitter.Line) async {
        let read = self.read(line)
        switch self.answers.withLock({ $0.line(read) }) {
        case .drop(let reason, let text): self.pump.tally.drop(reason, text)
        case .forward(let message): await self.put(message)
        case .breakOff(let reason, let text, let failure):
            self.pump.tally.drop(reason, text)
            await self.put(failure)
        }
    }

    private func read(_ line: LineSplitter.Line) -> ProgramAnswers.Line {
        guard case .text(let text) = line else {
            return .unusable(.size, "a line of more than \(self.rule.maxLine) bytes")
        }
        guard let payload = BridgePayload(.json).payload(line: text) else {
            let shown = String(decoding: text.prefix(Self.shown), as: UTF8.self)
            return .unusable(.payload, "a line that is no JSON map: \(shown)")
        }
        return .message(payload)
    }

    private func put(_ message: Payload) async {
        guard let destination = self.reply.destination else { return }
        _ = await self.pump.put(message, to: destination)
    }
}
