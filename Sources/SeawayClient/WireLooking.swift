package import SeawayMessage
import SeawayWire

/// What may be looked at without touching it (PROTOCOL.md, section 4, MEMBERS, PEEK and STATS).
package enum Look: Hashable, Sendable {
    /// The broker as a whole.
    case totals
    case channels
    case groups
    case connections
    /// Who is in a group.
    case members(of: String)
    /// What waits on a channel.
    case channel(String)

    /// The key of the list that is cut into pages, if the answer has one.
    package var list: String? {
        switch self {
        case .totals: nil
        case .channels: "channels"
        case .groups: "groups"
        case .connections: "connections"
        case .members: "members"
        case .channel: "head"
        }
    }

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

/// What became of a look.
package enum LookAnswer: Hashable, Sendable {
    /// The JSON map behind `DATA`.
    case data([UInt8])
    case refused(Refusal)
    /// The connection broke before the answer.
    case unknown
}

extension WireLayer {
    /// Entries that one page may have (Q1).
    package static let longestPage = 1_000

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
