/// Something that a bridge runs: it brings messages to a broker, or takes them from there.
package protocol BridgeSource: Sendable {
    /// Works until there is nothing more to do, or until ``stop()``; what was taken by then is handed on.
    ///
    /// Cancelling the task ends it without regard for what was taken.
    func run() async throws

    /// Takes nothing more. From any thread, also before ``run()``.
    func stop()
}
