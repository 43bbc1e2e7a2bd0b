import ArgumentParser
import SeawayClient
import SeawayMessage

/// `seaway send`
struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Put one message on a channel.",
        discussion: """
            Prints nothing when the broker has stored the message or handed it to a listener.

              seaway send jobs.mail '{"to":"a@example.org"}'
              seaway send chat.log --text 'hello'
              jq -c .order order.json | seaway send orders.new -

            Exit codes: 0 done, 65 the body is no message, 69 no broker, 74 stored or not: unknown, 75 refused for now (full, \
            nobody listens, a limit, the broker leaves), 1 refused for another reason.
            """)

    @Argument(help: .channel("The channel.")) var channel: ChannelArgument
    @OptionGroup var body: BodyOptions

    @Flag(help: "Only if somebody listens there.")
    var here = false

    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func run() async throws {
        let payload = try self.body.payload()
        try await self.brokers.visit(as: "send") { layer in
            try await layer.send(payload, to: self.channel.name, ifHeard: self.here)
        }
    }
}
