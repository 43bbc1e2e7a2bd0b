import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import SeawayNATS
import SeawayNIO
import SeawayWire

/// Finds out what ``StoreCheck`` judges; changes nothing there.
struct StoreLooking {
    /// Its servers are all asked, each by itself.
    let configuration: NATSConfiguration
    let tls: ClientIdentity?
    /// Milliseconds for each server, and each of its answers.
    let patience: Int

    func facts(of patterns: [Pattern], monitors: [String]) async -> StoreFacts {
        var facts = StoreFacts()
        var known: Set<String> = []
        for address in self.configuration.servers {
            let hasAccount = if case .success? = facts.account { true } else { false }
            do {
                let seen = try await self.visit(address, hasAccount ? nil : patterns)
                facts.servers.append(.init(address: address, answer: .success(seen.info)))
                // A server alone tells of nobody, not even of itself.
                known.formUnion(seen.info.servers.isEmpty ? [seen.info.id] : seen.info.servers)
                if let account = seen.account {
                    facts.account = account
                    facts.durables = seen.durables
                }
            } catch {
                facts.servers.append(.init(address: address, answer: .failure(.init(PlainWords.of(error)))))
            }
        }
        // One that is named and away is there all the same.
        facts.knownServers = max(known.count, self.configuration.servers.count)
        for url in monitors { facts.monitors.append((url, await self.monitor(url))) }
        return facts
    }

    private struct Seen: Sendable {
        var info: NATSServerInfo
        var account: Result<AccountInfo, JetStreamFault>?
        var durables: [StoreFacts.Durable] = []
    }

    /// - Parameter patterns: whose streams are looked at; `nil`: another server has answered that.
    private func visit(_ address: NATSAddress, _ patterns: [Pattern]?) async throws -> Seen {
        var configuration = self.configuration
        configuration.servers = [address]
        // Less than all of it, so that what was waited for is told.
        configuration.connectPatience = max(1, self.patience * 3 / 4)
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return try await NATSVisit.to(configuration, tls: self.tls, on: loop, patience: self.patience) { visit, info in
            var seen = Seen(info: info)
            guard let patterns else { return seen }
            do throws(JetStreamFault) {
                seen.account = .success(try await visit.call(.account))
            } catch {
                seen.account = .failure(error)
                return seen
            }
            for pattern in patterns { seen.durables.append(await self.durable(pattern, visit)) }
            return seen
        }
    }

    private func durable(_ pattern: Pattern, _ visit: NATSVisit) async -> StoreFacts.Durable {
        let stream = DurableName.stream(of: pattern)
        var durable = StoreFacts.Durable(pattern: pattern.description, stream: stream)
        do throws(JetStreamFault) {
            let names = try await visit.call(.streamNames(subject: DurableName.subjects(of: stream))).names
            durable.others = names.filter { $0 != stream }
            durable.info = try await visit.call(.stream(stream))
        } catch {
            if case .refused(let refusal) = error, refusal.kind == .streamMissing { return durable }
            durable.fault = error
        }
        return durable
    }

    private func monitor(_ url: String) async -> Result<MonitorFacts, StoreFacts.Reason> {
        do {
            let request = HTTPClientRequest(url: "\(url)/varz")
            let answer = try await HTTPClient.shared.execute(request, timeout: .milliseconds(Int64(self.patience)))
            guard answer.status == .ok else { return .failure(.init("it answers \(answer.status.code)")) }
            let body = try await answer.body.collect(upTo: 4_194_304)
            guard let facts = MonitorFacts(json: Array(body.readableBytesView)) else {
                return .failure(.init("what answers is no monitoring port of NATS"))
            }
            return .success(facts)
        } catch {
            return .failure(.init(PlainWords.of(error)))
        }
    }
}
