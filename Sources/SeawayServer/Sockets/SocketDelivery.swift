import SeawayMessage

/// One message from the layer for any number of sockets: read once, encoded once.
final class SocketDelivery {
    let body: Payload
    let message: Result<SocketMessage, SocketMessageFault>
    /// Through which it came.
    let group: String?
    /// That it is malformed was said in the log; once is enough, however many it was for.
    var isLogged = false
    private let isShared: Bool

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

    var isFromGroup: Bool { self.group != nil }

    /// The frame for browsers, made when the first asks for it; `nil` without `text` and `bytes`.
    private(set) lazy var prepared: PreparedMessage? = {
        guard case .success(let message) = self.message, let data = message.data else { return nil }
        return PreparedMessage(data.kind, data.bytes, isShared: self.isShared)
    }()
}

@available(*, unavailable)
extension SocketDelivery: Sendable {}
