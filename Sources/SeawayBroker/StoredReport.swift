import SeawayHub
import SeawayMessage
import SeawayStore
import SeawayWire

/// The JSON maps behind `DATA`, of channels that a store keeps (D24).
extension Report {
    static func peek(
        at channel: Name, _ page: Request.Page, _ core: BrokerCore, in store: any MessageStore
    ) throws(WireRefusal) -> StoreRequest {
        let first = try Self.position(page)
        return StoreRequest(orElse: .store("it has not answered in time"), held: Self.mostInAll) { answer in
            store.counts { counts in
                guard case .success(let counts) = counts else { return answer(.refused(Self.refusal(counts))) }
                let count = counts.first { $0.channel == channel }?.messages ?? 0
                // One more, to see whether there are.
                store.look(at: channel, from: first, most: page.limit + 1) { sights in
                    guard case .success(let sights) = sights else { return answer(.refused(Self.refusal(sights))) }
                    answer(.data(Self.peek(at: channel, count, sights, from: first, page.limit, core)))
                }
            }
        }
    }

    private static func peek(
        at channel: Name, _ count: Int, _ sights: [StoreSight], from first: Int, _ limit: Int, _ core: BrokerCore
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginMap()
        json.key("channel")
        json.string(channel.description)
        json.entry("messages", count)
        json.entry("bytes", 0)
        json.entry("readers", core.hub.report(on: channel, now: core.now).readers)
        json.key("paused")
        json.bool(false)
        json.key("head")
        json.beginList()
        var shown = 0
        while shown < min(sights.count, limit), json.bytes.count < Self.mostInAll {
            Self.write(sights[shown], core, &json)
            shown += 1
        }
        json.endList()
        if shown < sights.count {
            json.key("next")
            json.string("\(first + shown)")
        }
        core.hub.work += json.bytes.count * Work.byte
        json.endMap()
        return json.bytes
    }

    private static func write(_ sight: StoreSight, _ core: BrokerCore, _ json: inout JSONWriter) {
        json.beginMap()
        json.entry("age", sight.age)
        json.key("left")
        json.null()
        if let death = sight.death {
            Self.write(death.cause, death.times, max(0, core.wallClock() - death.at), death.why, &json)
        }
        json.entry("bytes", sight.body.count)
        Self.write(sight.body, sight.format, &json)
        json.endMap()
    }

    /// Channels by name: those that this broker has a record of, and all that the store has.
    static func channels(_ page: Request.Page, _ core: BrokerCore, in store: any MessageStore) -> StoreRequest {
        StoreRequest(orElse: .store("it has not answered in time"), held: Self.mostInAll) { answer in
            store.counts { counts in
                guard case .success(let counts) = counts else { return answer(.refused(Self.refusal(counts))) }
                answer(.data(Self.channels(page, core, counts)))
            }
        }
    }

    private static func channels(_ page: Request.Page, _ core: BrokerCore, _ counts: [StoreCount]) -> [UInt8] {
        let after = page.after.map { Name(checked: Array($0.utf8)) }
        let own = core.hub.channelReports(after: after, most: page.limit, now: core.now)
        var rows: [Name: Hub.ChannelReport] = [:]
        for report in own.rows { rows[report.name] = report }
        let kept = counts.filter { count in after.map { $0 < count.channel } ?? true }.sorted {
            $0.channel < $1.channel
        }
        for count in kept.prefix(page.limit + 1) {
            let report = rows[count.channel] ?? core.hub.report(on: count.channel, now: core.now)
            rows[count.channel] = report.inStore(
                waiting: max(0, count.messages - count.held - count.delayed), held: count.held, delayed: count.delayed)
        }
        let merged = Array(rows.values.sorted { $0.name < $1.name }.prefix(page.limit + (own.hasMore ? 0 : 1)))
        let all = Hub.Page(own.hasMore ? merged + merged.suffix(1) : merged, most: page.limit) { $0 }
        var json = JSONWriter()
        json.beginMap()
        Self.list(Request.StatisticsKind.channels.rawValue, all, name: \.name.description, &json, write: Self.write)
        json.endMap()
        return json.bytes
    }

    private static func refusal<Success>(_ result: Result<Success, StoreFault>) -> WireRefusal {
        if case .failure(.unavailable(let text)) = result { .store(text) } else { .store("it has not answered") }
    }

    /// What a store has done since the start, and how it is.
    static func write(_ store: any MessageStore, _ state: StoreState?, _ json: inout JSONWriter) {
        json.key("store")
        json.beginMap()
        let (word, place) =
            switch state {
            case .connected(let server): ("connected", server)
            case .away(let why): ("away", why)
            case nil: ("away", "not connected yet")
            }
        json.key("state")
        json.string(word)
        json.key("where")
        json.string(place)
        let counters = store.counters
        json.entry("stored", counters.stored)
        json.entry("repeated", counters.repeated)
        json.entry("full", counters.full)
        json.entry("unavailable", counters.unavailable)
        json.entry("unknown", counters.unknown)
        json.entry("delivered", counters.delivered)
        json.entry("acknowledged", counters.acknowledged)
        json.entry("given-back", counters.givenBack)
        json.entry("dead", counters.dead)
        json.entry("reconnects", counters.reconnects)
        json.endMap()
    }
}
