import NIOCore
import SeawayHub
import SeawayWire

/// Somebody who takes part in the broker: a connection, or code in this process.
protocol Endpoint: AnyObject {
    var id: PeerID { get }
    /// How it wants bodies.
    var format: BodyFormat { get }
    var clientName: String? { get }
    /// Of the token that it has logged in with.
    var tokenName: String? { get }
    /// Where it is, for people; `nil` of what is in this process.
    var address: String? { get }
    /// When it came, on the broker's clock; `nil` of what is in this process.
    var connectedAt: Int? { get }
    /// Output that it has not taken yet, in bytes.
    var unread: Int { get }

    /// One message for one channel.
    func push(_ channel: Span<UInt8>, body: Span<UInt8>)
    /// One message for several channels, or through a group.
    func push(group: Name?, body: Span<UInt8>, names: ((Span<UInt8>) -> Void) -> Void)
    /// The same, with a body that others get too.
    func push(group: Name?, shared body: SharedBody, names: ((Span<UInt8>) -> Void) -> Void)
    /// One message for one channel that is to be acknowledged (D9).
    func push(_ channel: Span<UInt8>, body: Span<UInt8>, _ handover: Handover)
    /// The same of one that has waited, and one that is a dead letter (D14).
    func push(_ delivery: WaitingDelivery, body: Span<UInt8>, now: Int)
    /// A message that passes, to one who looks on (Y2).
    func pushCopy(group: Name?, body: Span<UInt8>, names: ArraySlice<Name>)
    func pushMembers(_ verb: MembersVerb, group: Name, _ channels: [Name])
    func pushLost(_ name: Name)
    /// The broker leaves within so many ms (X2).
    func pushShutdown(within milliseconds: Int)

    /// Has it wait for its turn (A6).
    func putOff()
    /// It comes.
    func takeTurn()

    /// Looks after its deadlines.
    func check(now: Int)
    /// Ends it, with everything that is left to send.
    func end()
}

extension Endpoint {
    var tokenName: String? { nil }
    var address: String? { nil }
    var connectedAt: Int? { nil }

    func push(_ channel: Span<UInt8>, body: Span<UInt8>, _ handover: Handover) { self.push(channel, body: body) }

    /// Where nobody can be told of that.
    func push(_ delivery: WaitingDelivery, body: Span<UInt8>, now: Int) {
        self.push(group: delivery.group, body: body) { write in
            for name in delivery.names { write(name.bytes.span) }
        }
    }

    func push(group: Name?, shared body: SharedBody, names: ((Span<UInt8>) -> Void) -> Void) {
        let bytes = body.bytes
        self.push(group: group, body: bytes.readableBytesUInt8Span.extracting(..<body.size), names: names)
    }
}

/// Something that gathers what a turn of the loop produces.
protocol Gathering: AnyObject {
    /// Bytes that were gathered, as far as they are to be written to somebody.
    var gathered: Int { get }
    /// The turn has ended: what was gathered is to leave now.
    func flush()
    /// The same of what takes long.
    func flushInPieces()
}

/// Which change of a membership is told.
enum MembersVerb { case joined, left }

extension Gathering {
    /// Where nothing is written nothing takes long.
    func flushInPieces() { self.flush() }
}
