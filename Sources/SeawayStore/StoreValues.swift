package import SeawayWire

/// Where a message stands in the store: all brokers of one engine call it so, and nothing else of its channel ever.
package struct StorePlace: Hashable, Sendable {
    package let sequence: UInt64

    package init(_ sequence: UInt64) { self.sequence = sequence }
}

/// What a sender asks for (S11, S12) and what the channel allows.
package struct StoreTerms: Hashable, Sendable {
    /// Milliseconds before it may be delivered.
    package var delay: Int?
    /// Of several with the same key within the window only the first is kept.
    package var once: String?
    /// Milliseconds after which it is dropped if nobody took it; `nil`: never.
    package var expiry: Int?
    /// How many messages may stand on the channel, those in hand included, where the sender says so; `nil`: as
    /// configured.
    package var capacity: Int?

    package init(delay: Int? = nil, once: String? = nil, expiry: Int? = nil, capacity: Int? = nil) {
        self.delay = delay
        self.once = once
        self.expiry = expiry
        self.capacity = capacity
    }
}

/// What became of a message that was to be kept.
package enum StoreSendOutcome: Hashable, Sendable {
    /// A majority of the engine has it.
    case stored
    /// Nothing was stored, since one with its key was.
    case repeated
    /// There was no room: so many messages may stand on the channel.
    case full(most: Int)
    case failed(StoreFault)
}

/// Why something was not done.
package enum StoreFault: Error, Hashable, Sendable {
    /// Surely not done: it may be tried again. In words.
    case unavailable(String)
    /// Done or not: nobody knows.
    case unknown
    /// Not possible here, however often it is tried. In words.
    case unsupported(String)
}

/// A message that is delivered.
package struct StoreDelivery: Hashable, Sendable {
    package let channel: Name
    package let place: StorePlace
    /// How often it was delivered, this time included, by any broker.
    package let times: Int
    package let format: BodyFormat
    /// Of a dead letter.
    package let death: StoreDeath?

    package init(channel: Name, place: StorePlace, times: Int, format: BodyFormat, death: StoreDeath? = nil) {
        self.channel = channel
        self.place = place
        self.times = times
        self.format = format
        self.death = death
    }
}

/// Why a message was given up (D14).
package struct StoreDeath: Hashable, Sendable {
    /// `tries` or `nak`.
    package let cause: String
    /// How often it was delivered.
    package let times: Int
    /// Milliseconds since 1970.
    package let at: Int
    package let why: String?

    package init(cause: String, times: Int, at: Int, why: String?) {
        self.cause = cause
        self.times = times
        self.at = at
        self.why = why
    }
}

/// A message that waits, as it is looked at.
package struct StoreSight: Hashable, Sendable {
    /// Milliseconds since it was kept.
    package let age: Int
    package let format: BodyFormat
    package let body: [UInt8]
    package let death: StoreDeath?

    package init(age: Int, format: BodyFormat, body: [UInt8], death: StoreDeath? = nil) {
        self.age = age
        self.format = format
        self.body = body
        self.death = death
    }
}

/// What a channel has in the store.
package struct StoreCount: Hashable, Sendable {
    package let channel: Name
    /// All that stand there: those that wait, those in hand, those not due yet.
    package var messages: Int
    /// What brokers have in hand.
    package var held: Int
    package var delayed: Int

    package init(channel: Name, messages: Int, held: Int = 0, delayed: Int = 0) {
        self.channel = channel
        self.messages = messages
        self.held = held
        self.delayed = delayed
    }
}

/// Whether the engine can be asked.
package enum StoreState: Hashable, Sendable {
    /// With the name of the server.
    case connected(to: String)
    /// In words.
    case away(String)
}

/// What a store has done since the start.
package struct StoreCounters: Hashable, Sendable {
    package var stored = 0
    package var repeated = 0
    package var full = 0
    /// Sends that were surely not kept, and those of which nobody knows.
    package var unavailable = 0
    package var unknown = 0
    package var delivered = 0
    package var acknowledged = 0
    package var givenBack = 0
    package var dead = 0
    package var reconnects = 0

    package init() {}
}
