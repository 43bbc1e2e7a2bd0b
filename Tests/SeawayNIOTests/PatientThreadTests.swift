import Dispatch
import Foundation
import SeawayNIO
import TestSupport
import Testing

@Suite("Files that may keep a program waiting", .timeLimit(.minutes(1))) struct PatientThreadTests {
    private struct Failure: Error {}

    @Test func whatIsDoneInTimeIsReturnedOrThrown() async throws {
        let thread = PatientThread(limit: .seconds(60), clock: ContinuousClock())
        for number in 0..<10 { #expect(try await thread.run { number } == number) }
        await #expect(throws: Failure.self) { try await thread.run { throw Failure() } }
        #expect(try await thread.run { "again" } == "again")
    }

    @Test func whatHangsIsGivenUpAndHoldsUpNothingButItself() async throws {
        let thread = PatientThread(limit: .seconds(5), clock: InstantClock())
        let hangs = DispatchSemaphore(value: 0)
        await #expect(throws: PatientThread<InstantClock>.Fault.late(after: .seconds(5))) {
            try await thread.run { hangs.wait() }
        }
        // No second one begins behind it, nor is that waited for.
        await #expect(throws: PatientThread<InstantClock>.Fault.busy) { try await thread.run {} }
        hangs.signal()
        var fault: PatientThread<InstantClock>.Fault?
        repeat {
            fault = nil
            do { try await thread.run {} } catch { fault = error as? PatientThread<InstantClock>.Fault }
            await Task.yield()
        } while fault == .busy
        #expect(fault != .busy)
    }

    @Test func onlyRegularFilesAreRead() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "seaway-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "file").path
        try Data("one\ntwo".utf8).write(to: URL(filePath: path))
        #expect(try RegularFile.bytes(path, most: 7) == Array("one\ntwo".utf8))
        #expect(throws: RegularFile.Fault.self) { try RegularFile.bytes(path, most: 6) }
        let fifo = folder.appending(path: "fifo").path
        try #require(mkfifo(fifo, 0o600) == 0)
        for other in [fifo, "/dev/zero", folder.path, folder.appending(path: "none").path] {
            #expect(throws: RegularFile.Fault.self) { try RegularFile.bytes(other, most: 100) }
            #expect(throws: PEMFile.Fault.self) { try PEMFile.certificates(other) }
            #expect(throws: PEMFile.Fault.self) { try PEMFile.key(other) }
        }
    }
}
