import ArgumentParser
import SeawayClient
import SeawayConsole
import SeawayMessage

/// How a command that looks at brokers asks them, and prints what they answer.
struct LookingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Entries of each broker that are shown.", valueName: "number"))
    var limit = 100

    @OptionGroup var format: FormatOptions
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        guard (1...1_000_000).contains(self.limit) else {
            throw ValidationError("--limit is \(self.limit); allowed is 1 to 1000000.")
        }
    }

    /// Asks all brokers at once and prints what they say; those that say nothing are told, and the exit code is that of
    /// the first of them.
    ///
    /// - Parameters:
    ///   - goesOn: whether one that says nothing is no end, as long as another says something.
    ///   - only: what of an answer is shown.
    ///   - table: what is printed without `--json`.
    func print(
        _ look: Look, as name: String, goesOn: Bool = false, only: (Message) -> Message = { $0 },
        table: ([AnswerTable.Answer]) -> [String]
    ) async throws {
        let results = try await self.ask(look, as: name).map { $0.showing(only) }
        let answers = results.compactMap(\.answer)
        try Visit.printing {
            if self.format.json {
                try StandardOutput.write(lines: results.compactMap { $0.json(among: results.count) })
            } else if !answers.isEmpty {
                try StandardOutput.write(lines: table(answers))
            }
        }
        let silent = results.compactMap(\.error)
        for error in silent { Process.say("seaway: \(error.sentence)") }
        guard let first = silent.first, !goesOn || answers.isEmpty else { return }
        throw first.exitCode
    }

    /// All at once, so that one that hangs holds up no other.
    private func ask(_ look: Look, as name: String) async throws -> [LookResult] {
        let layers = try self.brokers.addresses.map { ($0, try Visit.layer(to: $0, as: name, self.brokers)) }
        return await withTaskGroup { group in
            for (index, (address, layer)) in layers.enumerated() {
                group.addTask { [limit = self.limit] in
                    (index, await LookResult(address.description, layer, look, limit: limit))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

/// What became of a look at one broker.
private struct LookResult: Sendable {
    let broker: String
    let result: Result<Message, ClientError>

    init(_ broker: String, _ layer: WireLayer, _ look: Look, limit: Int) async {
        self.broker = broker
        layer.start()
        do throws(ClientError) {
            self.result = .success(try await layer.lookThrough(look, limit: limit))
        } catch {
            self.result = .failure(error)
        }
        await layer.shutdown()
    }

    private init(_ broker: String, _ result: Result<Message, ClientError>) {
        self.broker = broker
        self.result = result
    }

    func showing(_ part: (Message) -> Message) -> LookResult { LookResult(self.broker, self.result.map(part)) }

    var answer: AnswerTable.Answer? { (try? self.result.get()).map { .init(broker: self.broker, map: $0) } }

    var error: ClientError? {
        if case .failure(let error) = self.result { error } else { nil }
    }

    /// Of a broker among several that says nothing, why.
    func json(among count: Int) -> String? {
        if let answer = self.answer { return answer.json(among: count) }
        guard let error = self.error, count > 1 else { return nil }
        let silent = AnswerTable.Answer(
            broker: self.broker,
            map: ["error": .string(error.refusal?.code ?? "unknown"), "reason": .string(error.sentence)])
        return silent.json(among: count)
    }
}
