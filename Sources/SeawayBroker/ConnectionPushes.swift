import NIOCore
import SeawayHub
import SeawayNIO
import SeawayWire

/// What the broker tells a connection that nobody on it has asked for.
extension Connection: Endpoint, Gathering {
    func push(_ channel: Span<UInt8>, body: Span<UInt8>) {
        self.gather { $0.writeMessage(channel, body: body) }
    }

    func push(group: Name?, body: Span<UInt8>, names: ((Span<UInt8>) -> Void) -> Void) {
        self.gather { $0.writeMessage(group: group, body: body, names: names) }
    }

    func push(group: Name?, shared body: SharedBody, names: ((Span<UInt8>) -> Void) -> Void) {
        self.gather(shared: body) { $0.writeMessageHead(group: group, size: body.size, names: names) }
    }

    func push(_ channel: Span<UInt8>, body: Span<UInt8>, _ handover: Handover) {
        self.gather { $0.writeMessage(channel, body: body, lease: handover.lease(on: channel), others: "") }
    }

    func push(_ delivery: WaitingDelivery, body: Span<UInt8>, now: Int) {
        var others = ""
        if let death = delivery.death {
            others += " dead=\(death.cause.rawValue) tries=\(death.times) since=\(now - death.at)"
            if let why = death.why { others += " why=\(why)" }
        }
        if let group = delivery.group { others += " group=\(group)" }
        for name in delivery.names {
            let lease = delivery.handover?.lease(on: name.bytes.span)
            self.gather { $0.writeMessage(name.bytes.span, body: body, lease: lease, others: others) }
        }
    }

    func pushShutdown(within milliseconds: Int) {
        guard self.isOpen else { return }
        self.core.counters.count(EndReason.shutdown)
        self.gather { $0.writeString("BYE shutdown in=\(milliseconds)\n") }
    }
}

extension Handover {
    /// As it is written behind the channel.
    func lease(on channel: Span<UInt8>) -> (tag: DeliveryTag, times: Int) {
        (self.stored.map { DeliveryTag(stored: $0, of: channel) } ?? DeliveryTag(self.tag), self.times)
    }
}
