/// Judges whether NATS servers can keep durable channels.
package enum StoreCheck {
    /// In the order in which people read it.
    package static func findings(_ facts: StoreFacts) -> [StoreFinding] {
        let infos = facts.servers.compactMap { try? $0.answer.get() }
        var findings = facts.servers.map { self.server($0, isAlone: infos.isEmpty) }
        guard !infos.isEmpty else { return findings }
        findings.append(self.size(infos, facts.maxBody))
        let clusters = Set(infos.map { $0.cluster ?? "none, \($0.name)" })
        if clusters.count > 1 {
            findings.append(
                StoreFinding(
                    .failure, "one cluster", clusters.sorted().joined(separator: ", "),
                    "name servers of one cluster alone: what one stores another would not know"))
        }
        findings.append(self.jetStream(facts.account))
        if case .success? = facts.account {
            findings.append(self.replicas(facts))
            if case .success(let account) = facts.account { findings += self.limits(account) }
        }
        findings += self.disks(facts)
        return findings + facts.durables.flatMap { self.durable($0, facts.replicas) }
    }

    /// - Parameter isAlone: whether no other could be asked either.
    private static func server(_ server: StoreFacts.Server, isAlone: Bool) -> StoreFinding {
        let what = "server \(server.address)"
        switch server.answer {
        case .failure(let reason):
            return StoreFinding(
                isAlone ? .failure : .warning, what, reason.text, "see that it runs and can be reached from here")
        case .success(let info):
            let found = "\(info.name), NATS \(info.version)\(info.cluster.map { ", cluster \($0)" } ?? "")"
            if !info.isAtLeast(2, 11) {
                return StoreFinding(
                    .failure, what, found, "NATS 2.12 or later: before 2.11 no message can have an expiry of its own")
            }
            if !info.isAtLeast(2, 12) {
                return StoreFinding(.warning, what, found, "NATS 2.12 or later: nothing can be delayed (In=) before")
            }
            return StoreFinding(.ok, what, found)
        }
    }

    /// What its headers may take beside a body.
    private static let headers = 4_096

    private static func size(_ infos: [NATSServerInfo], _ maxBody: Int) -> StoreFinding {
        let least = infos.map(\.maxPayload).min() ?? 0
        let needed = maxBody + self.headers
        guard least < needed else { return StoreFinding(.ok, "max_payload", "\(least)") }
        return StoreFinding(
            .warning, "max_payload", "\(least)",
            "max_payload: 4MB at each server: bodies have up to \(maxBody) bytes, and larger ones would be refused")
    }

    private static func jetStream(_ account: Result<AccountInfo, JetStreamFault>?) -> StoreFinding {
        switch account {
        case .success(let account):
            let limit = account.maxStorage < 0 ? "no limit" : "\(account.maxStorage)"
            return StoreFinding(
                .ok, "JetStream",
                "\(account.storage) bytes in \(account.streams) streams with \(account.consumers) consumers; \(limit)")
        case .failure(let fault):
            return StoreFinding(
                .failure, "JetStream", fault.description,
                "jetstream { store_dir: … } at each server, and jetstream: enabled for the account; and see that a "
                    + "majority of the servers runs")
        case nil: return StoreFinding(.failure, "JetStream", "no server could be asked")
        }
    }

    private static func replicas(_ facts: StoreFacts) -> StoreFinding {
        let sizes = facts.monitors.compactMap { (try? $0.answer.get())?.clusterSize }
        let count = max(facts.knownServers, sizes.max() ?? 0)
        let found = "\(facts.replicas) of \(count) server\(count == 1 ? "" : "s")"
        if count < facts.replicas {
            let advice =
                count == 1
                ? "three servers, or --store-replicas 1 for one that takes what it has with it"
                : "at least \(facts.replicas) servers, or a smaller --store-replicas"
            return StoreFinding(.failure, "replicas", found, advice)
        }
        return switch facts.replicas {
        case 1:
            StoreFinding(
                .warning, "replicas", found,
                "--store-replicas 3: while that server is away nothing can be done, and a lost disk loses all")
        case 2, 4:
            StoreFinding(
                .warning, "replicas", found,
                "--store-replicas \(facts.replicas + 1): with \(facts.replicas) no more servers may be away than with \(facts.replicas - 1)"
            )
        default: StoreFinding(.ok, "replicas", found)
        }
    }

    private static func limits(_ account: AccountInfo) -> [StoreFinding] {
        var findings: [StoreFinding] = []
        if account.maxStorage >= 0, account.storage >= account.maxStorage / 10 * 9 {
            findings.append(
                StoreFinding(
                    .warning, "storage", "\(account.storage) of \(account.maxStorage) bytes",
                    "more storage for the account: what has no room is refused"))
        }
        if account.maxStreams >= 0, account.streams >= account.maxStreams {
            findings.append(
                StoreFinding(
                    .warning, "streams", "\(account.streams) of \(account.maxStreams)",
                    "more streams for the account: each durable pattern needs one"))
        }
        if account.maxConsumers >= 0, account.consumers >= account.maxConsumers {
            findings.append(
                StoreFinding(
                    .warning, "consumers", "\(account.consumers) of \(account.maxConsumers)",
                    "more consumers for the account: each durable channel needs one"))
        }
        return findings
    }

    private static func disks(_ facts: StoreFacts) -> [StoreFinding] {
        guard !facts.monitors.isEmpty else {
            return [
                StoreFinding(
                    .unknown, "disk", "not asked",
                    "--monitor http://HOST:8222 shows whether acknowledged messages outlive a power cut")
            ]
        }
        return facts.monitors.map { monitor in
            switch monitor.answer {
            case .failure(let reason):
                return StoreFinding(
                    .failure, "disk at \(monitor.url)", reason.text, "http_port at the server, and its address here")
            case .success(let facts):
                let what = "disk of \(facts.name)"
                guard facts.hasJetStream else {
                    return StoreFinding(.warning, what, "no JetStream at this server", "jetstream { store_dir: … }")
                }
                if facts.syncsAlways { return StoreFinding(.ok, what, "written before it is acknowledged") }
                return StoreFinding(
                    .warning, what, "written within \(facts.syncInterval / 1_000) s",
                    "jetstream { sync_interval: always }, or know: a power cut of a majority of the servers at once loses "
                        + "what was acknowledged since")
            }
        }
    }

    private static func durable(_ durable: StoreFacts.Durable, _ replicas: Int) -> [StoreFinding] {
        let what = "channels \(durable.pattern)"
        if let fault = durable.fault {
            return [StoreFinding(.failure, what, fault.description, "see that this account may look at its streams")]
        }
        var findings: [StoreFinding] = []
        if !durable.others.isEmpty {
            findings.append(
                StoreFinding(
                    .failure, what, "taken by the streams \(durable.others.joined(separator: ", ")) too",
                    "no other stream may have subjects of \(DurableName.root).>"))
        }
        guard let info = durable.info else {
            return findings + [StoreFinding(.ok, what, "not stored yet; the stream will be \(durable.stream)")]
        }
        let found = "\(info.messages) messages, \(info.bytes) bytes in \(durable.stream)"
        var wanted = info.configuration
        wanted.subjects = [DurableName.subjects(of: durable.stream)]
        (wanted.retention, wanted.storage, wanted.discard) = (.workqueue, .file, .new)
        (wanted.discardsNewPerSubject, wanted.replicas) = (true, replicas)
        let differences = wanted.differences(from: info.configuration)
        if !differences.isEmpty {
            findings.append(
                StoreFinding(
                    .failure, what, differences.joined(separator: "; "),
                    "a stream is never changed by itself: change it with the tool of NATS, or ask for what it is"))
        }
        let late = info.followers.filter { !$0.isCurrent }.map(\.name)
        if info.configuration.replicas > 1, info.leader == nil {
            findings.append(
                StoreFinding(.failure, what, "\(found); nobody leads it", "a majority of its servers must run"))
        } else if !late.isEmpty {
            findings.append(
                StoreFinding(
                    .warning, what, "\(found); behind or away: \(late.joined(separator: ", "))", "see that they run"))
        } else {
            findings.append(StoreFinding(.ok, what, found))
        }
        return findings
    }
}
