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
              seaway send --in 10m jobs.mail '{"to":"a@example.org"}'          not before ten minutes have passed
              seaway send --once order-17 jobs.bill '{"order":17}'             said twice, it is taken once

            Whether a send that ended with 74 was stored nobody knows: with --once it may be said again within the broker's \
            --once-window (two minutes).

            Exit codes: 0 done, 65 the body is no message, 69 no broker, 74 stored or not: unknown, 75 refused for now (full, \
            nobody listens, a limit, the broker leaves), 1 refused for another reason.
            """)

    @Argument(help: .channel("The channel.")) var channel: ChannelArgument
    @OptionGroup var body: BodyOptions

    @Flag(help: "Only if somebody listens there.")
    var here = false

    @Option(name: .customLong("in"), help: .time("Deliver it no earlier than that; at most 24h."))
    var delay: TimeOption?

    @Option(
        help: ArgumentHelp(
            "Of several messages to the channel with the same key only the first counts.", valueName: "key"))
    var once: OnceKeyArgument?

    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        guard self.delay.map({ (1...86_400_000).contains($0.milliseconds) }) ?? true else {
            throw ValidationError("--in is longer than 0 and at most 24h.")
        }
    }

    func run() async throws {
        let payload = try self.body.payload()
        let asksTerms = self.delay != nil || self.once != nil
        let terms = asksTerms ? MessageTerms(delay: self.delay?.duration, once: self.once?.key) : nil
        try await self.brokers.visit(as: "send") { layer in
            try await layer.send(payload, to: self.channel.name, ifHeard: self.here, terms: terms)
        }
    }
}
