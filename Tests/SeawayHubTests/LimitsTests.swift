import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// Limits that change while a hub is at work.
@Suite struct LimitsTests {
    private func send(_ hub: Hub, _ channel: String) -> SendOutcome {
        let bytes = Array(channel.utf8)
        guard let form = NameForm(bytes.span) else { return .refused(.name) }
        return hub.send(to: bytes.span, form, ifHeard: false, body: 0, size: 10, now: 0)
    }

    private func isStored(_ outcome: SendOutcome) -> Bool { outcome == .stored }

    private func limits(_ change: (inout HubConfiguration) -> Void) -> HubConfiguration {
        var configuration = HubConfiguration()
        change(&configuration)
        return configuration
    }

    @Test func aChannelThatIsThereHasTheNewCapacityAndKeepsWhatItHolds() throws {
        let pattern = try #require(Pattern("jobs"))
        let hub = Hub(configuration: self.limits { $0.capacities = [(pattern, .init(messages: 1))] })
        #expect(self.isStored(self.send(hub, "jobs")) && !self.isStored(self.send(hub, "jobs")))
        hub.replaceLimits(self.limits { $0.capacities = [(pattern, .init(messages: 3))] })
        #expect(self.isStored(self.send(hub, "jobs")) && self.isStored(self.send(hub, "jobs")))
        #expect(!self.isStored(self.send(hub, "jobs")))
        hub.replaceLimits(self.limits { $0.capacities = [(pattern, .init(messages: 1))] })
        #expect(hub.queuedMessages == 3 && !self.isStored(self.send(hub, "jobs")))
    }

    @Test func aMailboxThatIsThereHasTheNewCapacity() throws {
        let pattern = try #require(Pattern("web.1!"))
        let hub = Hub(configuration: self.limits { $0.capacities = [(pattern, .init(messages: 1))] })
        #expect(self.isStored(self.send(hub, "web.1!a")) && !self.isStored(self.send(hub, "web.1!b")))
        hub.replaceLimits(self.limits { $0.capacities = [(pattern, .init(messages: 2))] })
        #expect(self.isStored(self.send(hub, "web.1!b")) && !self.isStored(self.send(hub, "web.1!c")))
    }

    @Test func fewerChannelsThanThereAreEndNone() {
        let hub = Hub(configuration: HubConfiguration())
        for number in 0..<3 { #expect(self.isStored(self.send(hub, "a\(number)"))) }
        hub.replaceLimits(self.limits { $0.maxChannels = 2 })
        #expect(hub.queuedMessages == 3 && self.isStored(self.send(hub, "a0")) && !self.isStored(self.send(hub, "a3")))
        hub.replaceLimits(HubConfiguration())
        #expect(self.isStored(self.send(hub, "a3")))
    }
}
