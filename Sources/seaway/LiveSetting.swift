import Synchronization

/// A setting that SIGHUP may give another value, for what is needed only later.
final class LiveSetting<Value: Sendable>: Sendable {
    private let held: Mutex<Value>

    init(_ value: Value) { self.held = Mutex(value) }

    var value: Value {
        get { self.held.withLock(\.self) }
        set { self.held.withLock { $0 = newValue } }
    }
}
