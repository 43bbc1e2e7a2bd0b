import Synchronization

/// Values that live in this process as long as one socket does; see ``WebSocket/session``.
///
/// Nothing of it leaves the process. Handlers that run at once (`serial: false`) change a value in one step with
/// ``update(_:default:_:)``.
public final class WebSocketSession: Sendable {
    private let values = Mutex<[String: any Sendable]>([:])

    init() {}

    /// A value by its name; `nil` takes it away. One of another type than is asked for is `nil` too.
    public subscript<Kept: Sendable>(_ name: String, as type: Kept.Type = Kept.self) -> Kept? {
        get { self.values.withLock { $0[name] as? Kept } }
        set { self.values.withLock { $0[name] = newValue } }
    }

    /// Changes a value in one step; nobody else reads or changes the session meanwhile.
    ///
    /// - Parameters:
    ///   - name: what the value is called in the session.
    ///   - initial: stands there where nothing of the type does.
    ///   - change: must not use the session.
    /// - Returns: the value as it is now.
    @discardableResult
    public func update<Kept: Sendable>(
        _ name: String, default initial: Kept, _ change: (inout Kept) -> Void
    ) -> Kept {
        self.values.withLock { values in
            var value = values[name] as? Kept ?? initial
            change(&value)
            values[name] = value
            return value
        }
    }

    /// The names of what it holds, in order.
    public var names: [String] { self.values.withLock { $0.keys.sorted() } }
}
