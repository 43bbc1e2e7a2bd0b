import SeawayHub
package import SeawayMessage
import SeawayWire

/// What a test sees without touching it.
extension Broker {
    /// The messages that wait on a channel, oldest first.
    package func waiting(on channel: String) async throws -> [Payload] {
        try await self.look { core in
            guard let name = Name(channel) else { return [] }
            core.readClock()
            return core.hub.waiting(on: name, now: core.now).rows.map { message in
                let body = core.bodies[message.body]
                switch body.format {
                case .messagePack: return Payload(messagePack: body.bytes)
                case .json: return Payload(messagePack: Translation.messagePack(fromJSON: body.bytes.span))
                }
            }
        }
    }

    /// The members of a group, in the order of their bytes.
    package func members(of group: String) async throws -> [String] {
        try await self.look { core in
            Name(group).map { core.hub.members(of: $0, after: nil, most: .max - 1).rows.map(\.description) } ?? []
        }
    }

    /// Connections that were taken in since the start.
    package func accepted() async throws -> Int { try await self.look { $0.counters.accepted } }

    /// Connections that are there, those that are ending included.
    package func connections() async throws -> Int { try await self.look { $0.endpointCount } }
}
