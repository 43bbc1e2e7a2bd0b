import ArgumentParser
import SeawayBridge

extension ServiceLibrary {
    /// Loads it for a bridge; where it is not installed, says so and ends the process with 69.
    func loadOrLeave() throws {
        do {
            try self.load()
        } catch {
            Process.say("seaway: \(error)")
            throw ExitCode.unavailable
        }
    }
}
