import SeawayMessage
import Synchronization

/// One message from the layer for any number of sockets, read once for all loops.
final class DecodedDelivery: Sendable {
    let body: Payload
    let message: Result<SocketMessage, SocketMessageFault>
    /// Through which it came.
    let group: String?
    /// Whether it goes to several sockets.
    let isShared: Bool
    private let wasLogged = Atomic<Bool>(false)

    init(_ delivery: Delivery) {
        self.body = delivery.body
        self.group = delivery.group
        self.isShared = delivery.channels.count > 1
        do throws(SocketMessageFault) {
            self.message = .success(try SocketMessage(delivery.body))
        } catch {
            self.message = .failure(error)
        }
    }

    /// Whether another delivery says the same to more members of the group.
    func holds(_ other: Delivery) -> Bool {
        self.isShared && self.group != nil && self.group == other.group && self.body == other.body
    }

    /// Whether it is to be said in the log that it is malformed: once is enough, however many it was for.
    func isToBeLogged() -> Bool { !self.wasLogged.exchange(true, ordering: .relaxed) }
}

/// A message for some of the sockets of one loop.
struct LoopDelivery: Sendable {
    let decoded: DecodedDelivery
    let numbers: [UInt64]
    /// Of ``SocketBox``.
    let box: Int
}

/// A message on one loop: encoded once for all sockets there.
final class SocketDelivery {
    let decoded: DecodedDelivery

    init(_ decoded: DecodedDelivery) { self.decoded = decoded }

    var body: Payload { self.decoded.body }
    var message: Result<SocketMessage, SocketMessageFault> { self.decoded.message }
    var group: String? { self.decoded.group }
    var isFromGroup: Bool { self.group != nil }

    /// The frame for browsers, made when the first asks for it; `nil` without `text` and `bytes`.
    private(set) lazy var prepared: PreparedMessage? = {
        guard case .success(let message) = self.message, let data = message.data else { return nil }
        return PreparedMessage(data.kind, data.bytes, isShared: self.decoded.isShared)
    }()

    /// The same of a message that says nothing else to an open socket, as most do.
    private(set) lazy var onlyData: PreparedMessage? = {
        guard case .success(let message) = self.message, message.close == nil else { return nil }
        return self.prepared
    }()
}

@available(*, unavailable)
extension SocketDelivery: Sendable {}
