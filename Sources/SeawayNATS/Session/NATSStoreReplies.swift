/// The reply subjects of messages that streams store, which are used again.
///
/// A server looks up where the subject of an answer leads, and remembers what it has looked up lately: a subject that
/// is new each time costs each server on the way some microseconds more. So one is used again when its answer has come.
/// Another server that becomes the leader of the stream may say an answer again: as the sequence numbers of a stream
/// only grow, it is told by its number. A subject whose answer was anything else than a number, or did not come in
/// time, is not used again.
struct NATSStoreReplies: Sendable {
    private struct Reply {
        let stream: String
        /// Who waits for the answer, of ``NATSWaiting``.
        var request: UInt64
        /// That of the answer before.
        var sequence = 0
        var isFree = false
    }

    private var replies: [UInt64: Reply] = [:]
    private var free: [String: [UInt64]] = [:]
    private var last: UInt64 = 0

    var count: Int { self.replies.count }

    /// - Returns: the number of a reply subject that nobody waits at.
    mutating func take(for request: UInt64, of stream: String) -> UInt64 {
        if let number = self.free[stream]?.popLast() {
            self.replies[number]?.request = request
            self.replies[number]?.isFree = false
            return number
        }
        self.last += 1
        self.replies[self.last] = Reply(stream: stream, request: request)
        return self.last
    }

    /// An answer has come.
    ///
    /// - Returns: the request that it answers; `nil`: one before it, which had its answer.
    mutating func answered(_ number: UInt64, _ answer: NATSMessage) -> UInt64? {
        guard let reply = self.replies[number], !reply.isFree else { return nil }
        guard let sequence = PublishOutcome.plainSequence(answer.payload) else {
            self.replies[number] = nil
            return reply.request
        }
        guard sequence > reply.sequence else { return nil }
        self.replies[number]?.sequence = sequence
        self.replies[number]?.isFree = true
        self.free[reply.stream, default: []].append(number)
        return reply.request
    }

    /// Forgets those whose requests wait no more.
    mutating func drop(where isOver: (UInt64) -> Bool) {
        self.replies = self.replies.filter { $0.value.isFree || !isOver($0.value.request) }
    }
}
