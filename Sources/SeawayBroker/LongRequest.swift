import SeawayHub

/// A request that may take more than one turn: until it is over its connection does nothing else, so that answers keep
/// their order (A1, A6).
protocol LongRequest: AnyObject {
    /// Does a piece of it, as far as ``BrokerCore/workLimit`` goes, and answers when it is over.
    func goOn(for connection: Connection) -> Progress
    /// Its connection is gone, or is ending: the rest is not done.
    func giveUp(_ core: BrokerCore)
}

/// How a request goes on.
enum Progress {
    case over
    /// When its connection has its next turn.
    case inTurn
    /// When its connection has taken what is unread, or is called (``Connection/wake()``).
    case whenCalled
}

extension Connection {
    /// Begins a request; nothing else of this connection is done before it is over.
    func begin(_ request: any LongRequest) {
        self.underway = request
        guard !self.goOnUnderway() else { return }
        self.core.workLimit = 0
    }

    /// Goes on with what is under way, in its turn.
    ///
    /// - Returns: whether there is nothing any more.
    func goOnUnderway() -> Bool {
        guard let request = self.underway else { return true }
        switch request.goOn(for: self) {
        case .over:
            // What follows from it may be long too.
            if self.underway === request { self.underway = nil }
            return self.underway == nil
        case .inTurn: self.putOff()
        case .whenCalled:
            self.isWaiting = true
            self.transport.setReading(false)
        }
        return false
    }

    /// What it has waited for is there.
    func wake() {
        guard self.isWaiting else { return }
        self.isWaiting = false
        guard self.isOpen else { return }
        self.putOff()
    }

    func giveUpUnderway() {
        self.underway?.giveUp(self.core)
        self.underway = nil
        self.isWaiting = false
    }
}

/// Something that ends in pieces of its own, which somebody waits for (``Ending``).
final class AwaitedEnding: LongRequest {
    private let ending: Ending
    private let say: (Connection, Ending) -> Void

    init(_ ending: Ending, _ say: @escaping (Connection, Ending) -> Void) {
        self.ending = ending
        self.say = say
    }

    func goOn(for connection: Connection) -> Progress {
        guard self.ending.isOver else { return .inTurn }
        self.say(connection, self.ending)
        return .over
    }

    /// It ends all the same.
    func giveUp(_ core: BrokerCore) {}
}

/// A `LISTEN` that tells of many memberships before its answer (L5); no more of them than its reader takes (D6).
final class AwaitedTelling: LongRequest {
    private let telling: MembersTelling
    private let answer: String

    init(_ telling: MembersTelling, _ answer: String) {
        self.telling = telling
        self.answer = answer
    }

    func goOn(for connection: Connection) -> Progress {
        let core = connection.core
        while !self.telling.isOver {
            guard !connection.isOverfull else { return .whenCalled }
            guard core.hub.work < core.workLimit else { return .inTurn }
            core.hub.tellSome(self.telling)
            core.carryOutEffects()
        }
        connection.answer(.line(self.answer))
        return .over
    }

    func giveUp(_ core: BrokerCore) {}
}
