package import SeawayMessage

/// How far the answer to one message is. A state machine.
///
/// There is one answer and no second: what was sent first stands.
package struct AnswerProgress: Hashable, Sendable {
    /// Who waits for what.
    package enum Kind: Hashable, Sendable {
        /// One answer, in one message or in several (INTERFACE.md, section 3).
        case request
        /// A decision first, then any number of messages (W7).
        case connect
        /// Any number of messages, also none.
        case event
    }

    package enum Stage: Hashable, Sendable {
        case nothing
        case begun
        case whole
    }

    package let kind: Kind
    package private(set) var stage = Stage.nothing
    /// Somebody else answers.
    package private(set) var isHandedOn = false
    /// It is known that nobody waits any more.
    package private(set) var isLeft = false

    package init(_ kind: Kind) { self.kind = kind }

    /// Something is about to be sent.
    ///
    /// - Returns: whether it may be.
    package mutating func say(_ part: AnswerPart) -> Bool {
        switch (self.kind, self.stage, part) {
        case (.event, _, _): return true
        case (.connect, _, _): self.stage = .whole
        case (.request, .whole, _), (.request, .begun, .first): return false
        case (.request, _, .aside): return true
        case (.request, _, .first(let hasMore)), (.request, _, .next(let hasMore)):
            self.stage = hasMore ? .begun : .whole
        }
        return true
    }

    /// What was said has not been stored.
    package mutating func takeBack(to stage: Stage) { self.stage = stage }

    package mutating func handOn() { self.isHandedOn = true }

    package mutating func leave() { self.isLeft = true }

    /// Whether another worker can do it all, since nothing was said yet.
    package var mayBeGivenBack: Bool { (self.stage == .nothing || self.kind == .event) && !self.isHandedOn }

    /// Whether what was said last was the end of it.
    package var isWhole: Bool { self.stage == .whole }

    /// Whether somebody waits for more of it, and for it from this worker.
    package var isAwaited: Bool { self.isOpen && !self.isLeft }

    /// Whether it lacks something when its handler has ended, and nobody else will send that.
    package var isOpen: Bool {
        guard !self.isHandedOn else { return false }
        switch self.kind {
        case .request: return self.stage != .whole
        case .connect: return self.stage == .nothing
        case .event: return false
        }
    }
}

/// Which part of an answer a message is.
package enum AnswerPart: Hashable, Sendable {
    /// It has a status.
    case first(hasMore: Bool)
    case next(hasMore: Bool)
    /// None: it says something about the answer (I27).
    case aside

    package init(_ payload: Payload) {
        var reader = MessagePackReader(payload)
        var (hasStatus, hasContent, hasMore) = (false, false, false)
        for _ in 0..<(reader.map() ?? 0) {
            guard let key = reader.string() else { break }
            let value = reader
            guard reader.skip() else { break }
            if reader.holds("status", at: key) {
                hasStatus = true
            } else if reader.holds("content", at: key) {
                hasContent = true
            } else if reader.holds("more_content", at: key) {
                var value = value
                hasContent = true
                hasMore = value.bool() ?? false
            }
        }
        if hasStatus {
            self = .first(hasMore: hasMore)
        } else {
            self = hasContent ? .next(hasMore: hasMore) : .aside
        }
    }
}
