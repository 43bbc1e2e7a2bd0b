package import SeawayMessage
import SeawayWire

extension Look {
    fileprivate var words: [String] {
        switch self {
        case .totals: ["STATS"]
        case .channels: ["STATS", "channels"]
        case .groups: ["STATS", "groups"]
        case .connections: ["STATS", "connections"]
        case .members(let group): ["MEMBERS", group]
        case .channel(let channel): ["PEEK", channel]
        }
    }

    /// - Parameters:
    ///   - limit: entries of the page, 1 to 1,000 (Q1).
    ///   - after: the `next` of the page before.
    fileprivate func line(limit: Int, after: String?) -> ClientLine {
        let words = self.words
        let option = after.map { "limit=\(limit) after=\($0)" } ?? "limit=\(limit)"
        return ClientLine(words[0], Array(words.dropFirst()), option: self.list == nil ? nil : option)
    }
}

extension WireLayer {
    /// Entries that one page may have (Q1).
    package static let longestPage = 1_000

    /// Asks for one page of what there is, and calls back once, on the layer's thread.
    package func look(
        at look: Look, limit: Int, after: String?, answer: @escaping @Sendable (LookAnswer) -> Void
    ) {
        self.look(look.line(limit: limit, after: after), answer: answer)
    }

    /// Ends a connection of the broker (Q6).
    ///
    /// - Parameters:
    ///   - id: as the broker has listed it.
    ///   - age: how old it is at least; numbers are used again.
    ///   - answer: called once, on the layer's thread: `done` also where there is none any more.
    package func end(connection id: String, age: Duration, answer: @escaping @Sendable (SendAnswer) -> Void) {
        let milliseconds = age.components.seconds * 1_000 + age.components.attoseconds / 1_000_000_000_000_000
        self.ask(ClientLine("END", [id], option: "Age=\(max(0, milliseconds))"), answer: answer)
    }

    /// Ends a connection of the broker; there may be none any more.
    ///
    /// - Throws: ``ClientError``: refused, or `unknown` when the connection broke.
    package func end(connection id: String, age: Duration) async throws(ClientError) {
        let answer = await withCheckedContinuation { continuation in
            self.end(connection: id, age: age) { continuation.resume(returning: $0) }
        }
        switch answer {
        case .done: return
        case .refused(let refusal): throw ClientError(refusal, name: id)
        case .unknown: throw ClientError(unknownFor: id)
        }
    }

    /// Asks for one page of what there is; nothing is changed by it.
    ///
    /// - Parameters:
    ///   - limit: entries of the page, 1 to ``longestPage``.
    ///   - after: the `next` of the page before.
    /// - Throws: ``ClientError``: refused, or `unknown` when the connection broke.
    package func look(
        at look: Look, limit: Int = WireLayer.longestPage, after: String? = nil
    ) async throws(ClientError) -> Message {
        let line = look.line(limit: limit, after: after)
        let answer = await withCheckedContinuation { continuation in
            self.look(line) { continuation.resume(returning: $0) }
        }
        let name = line.names.last ?? line.verb
        switch answer {
        case .data(let json):
            do {
                return try Message(json: String(decoding: json, as: UTF8.self))
            } catch {
                throw ClientError(Refusal(code: "data", text: "the broker's answer is no JSON map"), name: name)
            }
        case .refused(let refusal): throw ClientError(refusal, name: name)
        case .unknown: throw ClientError(unknownFor: name)
        }
    }

    /// Asks for as many pages as it takes; what changes between two of them may be missing or stand twice.
    ///
    /// - Parameter limit: entries in all. When there are more, `next` stands in the answer.
    /// - Returns: the first page with the entries of all.
    package func lookThrough(_ look: Look, limit: Int) async throws(ClientError) -> Message {
        var whole = try await self.look(at: look, limit: min(limit, Self.longestPage))
        guard let key = look.list, var entries = whole[key]?.list else { return whole }
        while let next = whole["next"]?.string, entries.count < limit {
            let page = try await self.look(at: look, limit: min(limit - entries.count, Self.longestPage), after: next)
            entries += page[key]?.list ?? []
            whole["next"] = page["next"]
        }
        whole[key] = .list(entries)
        return whole
    }
}
