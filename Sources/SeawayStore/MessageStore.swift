package import SeawayWire

/// Keeps the messages of durable channels, which outlive the broker that took them; each call may be answered later.
///
/// The broker has the listeners, their credit and what they hold; the store has the messages. What it has delivered
/// (``MessageStoreUser/arrived(_:body:)``) it gives to no other broker until that message was acknowledged, given back
/// or given up: it tells its engine by itself, in time, that the message is still in hand. Used on the broker's event
/// loop, on which every answer comes, each exactly once, and never before the call has returned.
package protocol MessageStore: AnyObject {
    /// Whom to give messages to. To be set before ``start(then:)``.
    var user: (any MessageStoreUser)? { get set }

    /// Makes ready what the durable patterns need. A fault is in words, and final: something is not as it has to be.
    func start(then: @escaping (StoreFault?) -> Void)

    /// Gives back what it has delivered and ends its connections; to be called once, when the broker has ended its own.
    func stop(within milliseconds: Int, then: @escaping () -> Void)

    /// Whether the messages of this channel, of the normal form, are kept here.
    func keeps(_ channel: Span<UInt8>) -> Bool

    /// Keeps one message.
    ///
    /// - Parameter body: well-formed, of the size that the broker allows; copied before the call returns.
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Name, _ terms: StoreTerms,
        then: @escaping (StoreSendOutcome) -> Void)

    /// How many messages of a channel the broker can give to listeners now, those that are on their way to it included;
    /// 0: none any more. What came for nobody is given back by the broker.
    func setDemand(_ count: Int, of channel: Name)

    /// A message is done: once this is answered with `nil` it is never delivered again, by whatever broker (D10).
    /// It need not be one that was delivered here, and may be gone already.
    func acknowledge(_ place: StorePlace, of channel: Name, then: @escaping (StoreFault?) -> Void)

    /// A message that was delivered here is in hand no more, and is to be delivered again after so many milliseconds.
    func giveBack(_ place: StorePlace, of channel: Name, after delay: Int)

    /// A message that was delivered here becomes a dead letter of its channel, exactly once (D14).
    func giveUp(_ place: StorePlace, of channel: Name, _ death: StoreDeath, then: @escaping (StoreFault?) -> Void)

    /// Looks at what waits, in its order, and changes nothing (Q3).
    ///
    /// - Parameter first: how many are passed over.
    func look(
        at channel: Name, from first: Int, most: Int, then: @escaping (Result<[StoreSight], StoreFault>) -> Void)

    /// What is known of all channels that have messages or listeners, by name; a second old at most while the engine is
    /// there.
    func counts(then: @escaping (Result<[StoreCount], StoreFault>) -> Void)

    /// Removes what stands on channels that match, also what is in hand; `nil`: on all. The answer: how many messages.
    func remove(_ pattern: Pattern?, then: @escaping (Result<Int, StoreFault>) -> Void)

    /// What has happened since the start.
    var counters: StoreCounters { get }
}

/// The broker, as a store knows it.
package protocol MessageStoreUser: AnyObject {
    /// A message is here, and stays with this broker until it says otherwise.
    func arrived(_ delivery: StoreDelivery, body: Span<UInt8>)

    /// The engine has gone, or is back; to be logged and counted.
    func storeChanged(_ state: StoreState)
}
