import ArgumentParser
import SeawayClient
import SeawayMessage

/// `seaway end`
struct EndCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end",
        abstract: "End connections of a broker, by their IDs.",
        discussion: """
            Each is told that an operator has ended it (BYE ended); most clients come again, with another ID. So it is for one that \
            hangs; one that is to stay away loses its token (seaway help token). IDs stand in seaway stats connections, and are \
            used again: with --age none is ended that has come since you looked.

              seaway stats connections
              seaway end 7
              seaway end --age 10m 7 12

            Prints whom each was of. Exit codes: 0 all are ended, 1 there is none of an ID, or refused, 69 no broker, 74 not known, \
            77 not allowed.
            """)

    @Argument(help: ArgumentHelp("As seaway stats connections lists them.", valueName: "id"))
    var ids: [ConnectionIDArgument]

    @Option(help: .time("How long a connection has been there at least."))
    var age = TimeOption(milliseconds: 0)

    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        guard try self.brokers.addresses.count == 1 else {
            throw ValidationError("an ID is of one broker: give one --broker.")
        }
    }

    func run() async throws {
        let layer = try Visit.layer(to: self.brokers.addresses[0], as: "end", self.brokers)
        let isWhole = try await Visit.with([layer]) {
            let listed = try await layer.lookThrough(.connections, limit: 1_000_000)["connections"]?.list ?? []
            var isWhole = true
            for id in self.ids.map(\.id) {
                let found = listed.first { $0["id"]?.string == id }
                guard let found, let age = found["age"]?.int, age >= self.age.milliseconds else {
                    Process.say("seaway: \(found == nil ? "there is no connection" : "not so old is connection") \(id)")
                    isWhole = false
                    continue
                }
                // Another that has its number by now is younger.
                try await layer.end(connection: id, age: .milliseconds(age))
                try StandardOutput.write(lines: ["\(id) ended\(Self.owner(found))"])
            }
            return isWhole
        }
        if !isWhole { throw ExitCode.failure }
    }

    /// Whose it was, as far as it has said.
    private static func owner(_ entry: Value) -> String {
        ["client", "token", "address"].compactMap { key in
            entry[key]?.string.map { " \(key)=\($0)" }
        }.joined()
    }
}

/// The number of a broker's connection.
struct ConnectionIDArgument: CheckedArgument {
    let id: String

    init(checking argument: String) throws {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard (1...20).contains(argument.utf8.count), argument.utf8.allSatisfy(digits.contains) else {
            throw ValidationError("the ID of a connection is a number.")
        }
        self.id = argument
    }
}
