package import SeawayWire

/// Where workers may have a socket's events sent (protocol/INTERFACE.md, W18).
///
/// Not everywhere, since the server sends there with its own rights, which are more than the worker's.
package struct ReceiveChannels: Hashable, Sendable {
    private let patterns: [Pattern]

    /// - Parameter patterns: what may be named besides channels in the mailboxes of workers.
    package init(_ patterns: [Pattern] = []) { self.patterns = patterns }

    /// - Complexity: O(bytes of the name and of the patterns).
    package func allows(_ channel: String) -> Bool {
        let bytes = Array(channel.utf8)
        guard let form = NameForm(bytes.span), form.isChannel else { return false }
        return Self.isInMailboxOfWorker(bytes, form) || self.patterns.contains { $0.matches(bytes.span) }
    }

    /// `websocket.worker.<worker>!<n>`: who names it knows `<worker>`, which nobody can guess.
    private static func isInMailboxOfWorker(_ channel: [UInt8], _ form: NameForm) -> Bool {
        let stem = "websocket.worker.".utf8
        guard case .reply(let length) = form else { return false }
        return length > stem.count + 1 && channel.starts(with: stem)
    }
}
