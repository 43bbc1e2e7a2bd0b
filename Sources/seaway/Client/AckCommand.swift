import ArgumentParser
import SeawayClient
import SeawayMessage

/// `seaway ack`
struct AckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack",
        abstract: "Say that messages are done, whoever holds them.",
        discussion: """
            Prints nothing when the broker has taken it: they are never delivered again. The ID is what stood behind ack= where the message was \
            printed. It may be said twice, and late; an unknown ID is ignored.

              seaway listen --hold jobs.mail                 jobs.mail ack=18231 times=1 {"to":"a@example.org"}
              seaway ack jobs.mail 18231

            Of several brokers all are told. Exit codes: 0 done, 69 a broker is away, 74 done or not: unknown (say it again), 77 not \
            allowed (it takes the right to listen there), 1 refused.
            """)

    @Argument(help: .channel("The channel.")) var channel: NormalChannelArgument
    @Argument(help: ArgumentHelp("What stood behind ack=.", valueName: "id")) var ids: [DeliveryIDArgument]
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func run() async throws {
        for address in try self.brokers.addresses {
            let layer = try Visit.layer(to: address, as: "ack", self.brokers)
            try await Visit.with([layer]) {
                try await layer.acknowledge(self.ids.map(\.id), of: self.channel.name)
            }
        }
    }
}
