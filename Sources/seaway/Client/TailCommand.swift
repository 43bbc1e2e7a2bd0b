import ArgumentParser
import SeawayClient
import SeawayConsole
import SeawayMessage

/// `seaway tail`
struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Watch copies of messages pass, without taking them.",
        discussion: """
            Prints each message that comes to the channels from now on, whoever reads it; seaway peek shows what waits there already. \
            Who prints too slowly misses copies and is told how many; senders and readers notice nothing.

              seaway tail chat.log                           chat.log {"text":"hi"}
              seaway tail 'http.*' 'websocket.*'
              seaway tail --json --count 10 jobs.mail        {"channels":["jobs.mail"],"message":{"to":"a@example.org"}}

            With --json what is missing is a line too: {"missed":3}. SIGINT and SIGTERM end it.

            Exit codes: those of seaway listen.
            """)

    @Argument(help: ArgumentHelp("Channels; * stands for any characters.", valueName: "pattern"))
    var patterns: [PatternArgument]

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func run() async throws {
        StandardOutput.expectEnd()
        let layers = try self.brokers.addresses.map { try Visit.layer(to: $0, as: "tail", self.brokers, goesOn: true) }
        try await Visit.with(layers) {
            let tailing = Tailing(
                layers: layers, patterns: self.patterns.map(\.pattern), timeout: self.brokers.patience.timeout.duration,
                late: self.brokers.isMissing, options: self.reading)
            let printed = try await tailing.run { event in
                switch event {
                case .copy(let copy):
                    try StandardOutput.write(
                        "\(self.format.json ? DeliveryLine.json(copy) : DeliveryLine.text(copy))\n")
                case .missed(let count) where self.format.json: try StandardOutput.write("{\"missed\":\(count)}\n")
                case .missed(let count): Process.say("seaway: \(count) copies are missing")
                // The layer itself tells when a connection is lost.
                case .started, .refused, .interrupted: break
                }
            }
            try self.reading.check(printed)
        }
    }
}
