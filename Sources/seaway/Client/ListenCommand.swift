import ArgumentParser
import SeawayConsole
import SeawayMessage

/// `seaway listen`
struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Take messages from channels and print one in each line.",
        discussion: """
            A message that is printed is taken: no other listener gets it. Use seaway peek to look without taking, and seaway join for \
            copies. Each line has the channel, then the message in JSON; with --json it is one map:

              seaway listen chat.log                         chat.log {"text":"hi"}
              seaway listen --json jobs.mail jobs.print      {"channels":["jobs.mail"],"message":{"to":"a@example.org"}}
              seaway listen --count 1 --for 10s results.17
              seaway listen --ack jobs.mail                  jobs.mail ack=18231 times=1 {"to":"a@example.org"}

            With --ack the broker keeps each message until its line is printed: when the output breaks, or this process is killed, \
            another listener gets it. With --hold nothing is acknowledged: whoever has done the work says seaway ack CHANNEL ID, and \
            what is left when this process ends comes back. No more than 1000 are held at a time.

            SIGINT and SIGTERM stop listening; what was on its way is still printed. A lost connection is made again.

            Exit codes: 0 done, 69 no broker, 74 the output broke, 75 fewer messages than --count within --for, 1 refused, or another \
            reader took a mailbox over.
            """)

    @Argument(help: ArgumentHelp("Channels, or mailboxes (ending in !).", valueName: "name"))
    var names: [ListeningArgument]

    @Flag(help: "Acknowledge each message behind its line.")
    var ack = false

    @Flag(help: "Hold each message until somebody acknowledges it: see seaway ack.")
    var hold = false

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        guard !(self.ack && self.hold) else { throw ValidationError("--ack and --hold exclude each other.") }
    }

    func run() async throws {
        let names = self.names.map(\.name)
        let terms = ListeningTerms(acknowledged: self.ack || self.hold ? Set(names) : [])
        try await self.brokers.visit(as: "listen", goesOn: true) { layer in
            try await self.reading.print(
                names, terms, of: layer, self.brokers,
                line: { self.format.json ? DeliveryLine.json($0) : DeliveryLine.text($0) },
                printed: { delivery in if self.ack { Self.acknowledge(delivery) } })
        }
    }
    private static func acknowledge(_ delivery: Delivery) {
        guard let held = delivery.held else { return }
        held.say(.done) { answer in
            guard case .refused(let refusal) = answer else { return }
            Process.say("seaway: \(held.channel) \(held.id): it may come again: \(refusal)")
        }
    }
}
