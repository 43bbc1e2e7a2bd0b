import ArgumentParser
import SeawayClient
import SeawayConsole

/// `seaway top`
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show what goes on in brokers, as top shows it of processes.",
        discussion: """
            Rates, what waits and for how long, readers and their credit, what was refused and dropped and why; groups with g, \
            connections with c, and with enter what waits on one channel. Several brokers are added up. Press h for all keys.

              seaway top
              seaway top --broker a:7411 --broker b:7411 --interval 1s
              seaway top --once connections                  one picture, as text

            Exit codes: 0 done, 64 no terminal, 69 a broker is away (with --once).
            """)

    @Argument(help: "What is shown first: channels, groups or connections.") var list = TopList.channels

    @Option(help: .time("How often brokers are asked."))
    var interval = TimeOption(milliseconds: 2_000)

    @Option(help: ArgumentHelp("Show only names that hold this text.", valueName: "text"))
    var filter = ""

    @Option(help: ArgumentHelp("Entries of each broker that are asked for.", valueName: "number"))
    var limit = 1_000

    @Flag(help: "Print one picture and exit.")
    var once = false

    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        guard (100...3_600_000).contains(self.interval.milliseconds) else {
            throw ValidationError("--interval is \(self.interval); allowed is 100ms to 1h.")
        }
        guard (1...100_000).contains(self.limit) else {
            throw ValidationError("--limit is \(self.limit); allowed is 1 to 100000.")
        }
        guard self.once || Terminal.isThere else {
            throw ValidationError("There is no terminal; --once prints one picture.")
        }
    }

    func run() async throws {
        StandardOutput.expectEnd()
        let watchers = try self.brokers.addresses.map { try Watcher($0, limit: self.limit, self.brokers) }
        for watcher in watchers { watcher.start() }
        var loop = TopLoop(watchers, every: self.interval, TopState(list: self.list, filter: self.filter))
        if self.once {
            let (lines, missing) = try await loop.once(width: Terminal.size?.width ?? 120)
            try Visit.printing { try StandardOutput.write(lines: lines) }
            for error in missing { Process.say("seaway: \(error.sentence)") }
            if let first = missing.first { throw first.exitCode }
        } else {
            // A terminal that is gone is no error.
            do { try await loop.run() } catch is StandardOutput.Fault {}
        }
        for watcher in watchers { await watcher.leave() }
    }
}

extension TopList: ExpressibleByArgument {}
