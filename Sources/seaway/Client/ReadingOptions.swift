import ArgumentParser
import SeawayClient
import SeawayMessage

/// When a command that prints messages has had enough.
struct ReadingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Stop after so many messages.", valueName: "number"))
    var count: Int?

    @Option(
        name: .customLong("for"), help: .time("Stop after this time; with --count, fewer messages are then an error."))
    var duration: TimeOption?

    func validate() throws {
        guard self.count.map({ (1...1_000_000_000).contains($0) }) ?? true else {
            throw ValidationError("--count is \(self.count ?? 0); allowed is 1 to 1000000000.")
        }
        guard self.duration.map({ $0.milliseconds > 0 }) ?? true else {
            throw ValidationError("--for is longer than 0.")
        }
    }

    /// Prints messages until there are enough, the time is up, or SIGINT or SIGTERM comes.
    func print(
        _ names: [String], _ terms: ListeningTerms = ListeningTerms(), of layer: any ChannelLayer,
        _ brokers: BrokersOptions,
        begin: @escaping @Sendable (Bool) async throws(ClientError) -> Void = { _ in },
        line: (Delivery) -> String, printed: (Delivery) -> Void = { _ in }
    ) async throws {
        StandardOutput.expectEnd()
        let reading = Reading(
            layer: layer, names: names, terms: terms, count: self.count, duration: self.duration?.duration,
            timeout: brokers.patience.timeout.duration,
            late: brokers.isMissing, begin: begin)
        let taken = try await reading.run { delivery in
            try StandardOutput.write("\(line(delivery))\n")
            printed(delivery)
        }
        try self.check(taken)
    }

    /// Ends the process with 75 when fewer messages came in the time than were asked for.
    func check(_ taken: Int) throws {
        guard let count = self.count, taken < count, self.duration != nil else { return }
        Process.say("seaway: \(taken) of \(count) messages came")
        throw ExitCode.notNow
    }
}
