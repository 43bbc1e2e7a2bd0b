import BrokerSupport
import SeawayBroker
import SeawayMessage
import Synchronization
import TestSupport
import Testing

/// `delivery.json` through layers, in process and over sockets: what is delivered to whom, and how each call is
/// answered.
///
/// Those vectors are left out that say what a layer does not: other verbs, connections that break, the order of answers
/// and pushes.
@Suite(.timeLimit(.minutes(3))) struct LayerScenarioTests {
    static func scenarios() throws -> [LayerScenario] {
        try Vectors.load("delivery.json", as: ScenarioVector.self).filter { !$0.hasStore }
            .compactMap { LayerScenario($0) }
    }

    @Test(arguments: try Self.scenarios(), LayerKind.allCases)
    func theVectorHoldsThroughALayer(scenario: LayerScenario, kind: LayerKind) async throws {
        let configured = try BrokerConfiguration(scenario.vector.options ?? [:])
        try await LayerHouse.run(kind) { configuration in
            configuration = configured
        } _: { house in
            var run = LayerRun(house)
            for step in scenario.steps { try await run.run(step) }
            for fault in run.faults { Issue.record("\(scenario.vector.id): \(fault) (\(scenario.vector.why))") }
        }
    }

    @Test func manyVectorsRunHere() throws {
        #expect(try Self.scenarios().count >= 30)
    }
}

/// A vector as calls of layers.
struct LayerScenario: Sendable, CustomTestStringConvertible {
    enum Step: Sendable {
        case call(String, LayerCall)
        /// What has been said to a connection: the answers to its requests, and its deliveries.
        case expect(String, answers: [String], deliveries: [Delivered])
        case advance(Int)
    }

    let vector: ScenarioVector
    let steps: [Step]
    var testDescription: String { self.vector.id }

    /// - Returns: `nil` when a layer has no calls for it.
    init?(_ vector: ScenarioVector) {
        var steps: [Step] = []
        for step in vector.steps {
            if let milliseconds = step.advance { steps.append(.advance(milliseconds)) }
            if let text = step.c?.string {
                // A layer says the same in fewer bytes, so that it is not the vector's which are counted.
                guard text.utf8.count < 10_000, let calls = Frame.all(in: text)?.map(LayerCall.init) else { return nil }
                for call in calls {
                    guard let call else { return nil }
                    steps.append(.call(step.connection, call))
                }
            }
            if let text = step.s?.string {
                guard let frames = Frame.all(in: text) else { return nil }
                let messages = frames.filter { $0.words[0] == "MSG" }
                guard !messages.contains(where: { $0.words.contains("…") }) else { return nil }
                // Whose mailbox is gone shows in what it gets.
                let answers = frames.filter { !["MSG", "LOST"].contains($0.words[0]) }
                guard answers.allSatisfy({ ["OK", "ERR", "PONG"].contains($0.words[0]) }) else { return nil }
                steps.append(
                    .expect(step.connection, answers: answers.map(\.answer), deliveries: messages.map(\.delivered)))
            }
            let isOther =
                step.cHex != nil || step.sHex != nil || step.eof != nil || step.drop != nil || step.closed != nil
                || step.stall != nil || step.shutdown != nil || step.tokens != nil
            guard !isOther else { return nil }
        }
        self.vector = vector
        self.steps = steps
        guard self.isOneListeningForEachAccount else { return nil }
    }

    /// A layer has an account for each listening, and listens on a name once.
    private var isOneListeningForEachAccount: Bool {
        var names: [String: [[String]]] = [:]
        for case .call(let connection, let call) in self.steps {
            switch call {
            case .listen(let new):
                guard names[connection, default: []].allSatisfy({ Set($0).isDisjoint(with: new) }) else { return false }
                names[connection, default: []].append(new)
            case .ready(_, nil):
                guard names[connection]?.count == 1 else { return false }
            case .ready(_, let name?):
                guard names[connection]?.contains([name]) == true else { return false }
            case .unlisten(let old):
                guard names[connection]?.contains(old) == true else { return false }
                names[connection]?.removeAll { $0 == old }
            default: break
            }
        }
        return true
    }
}

/// A frame of a vector.
private struct Frame {
    let words: [String]
    let body: String?

    /// - Returns: `nil` when a body is not whole.
    static func all(in text: String) -> [Frame]? {
        var rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        var frames: [Frame] = []
        while let line = rest.popFirst() {
            guard !line.isEmpty else { continue }
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 1, words[1].hasPrefix(":") else {
                frames.append(Frame(words: words, body: nil))
                continue
            }
            guard words[1] != ":-", let body = rest.popFirst(), Int(words[1].dropFirst()) == body.utf8.count else {
                return nil
            }
            frames.append(Frame(words: [words[0]] + words.dropFirst(2), body: String(body)))
        }
        return frames
    }

    /// `OK`, `OK sent=1 full=0 gone=0`, `ERR full`.
    var answer: String {
        self.words[0] == "ERR" ? "ERR \(self.words[1].replacing("…", with: ""))" : self.words.joined(separator: " ")
    }

    var delivered: Delivered {
        Delivered(words: Array(self.words.dropFirst()), message: try? Message(json: self.body ?? ""))
    }
}

/// Channels and group as in `MSG`, and the body.
struct Delivered: Hashable, Sendable {
    let words: [String]
    let message: Message?
}

/// What a line asks of a layer.
enum LayerCall: Sendable {
    case send(Message, String, ifHeard: Bool)
    case groupSend(Message, String, except: String?)
    case join(String, [String])
    case leave(String, [String])
    case listen([String])
    case unlisten([String])
    case ready(Int, String?)
    case pause(String)
    case resume(String)
    case close([String])
    case ping

    fileprivate init?(_ frame: Frame) {
        let message = frame.body.flatMap { try? Message(json: $0) }
        let words = Array(frame.words.dropFirst())
        let names = words.filter { !$0.contains("=") }
        let options = words.filter { $0.contains("=") }
        switch (frame.words[0], message) {
        case ("SEND", let message?) where options.isEmpty || options == ["Here=1"]:
            self = .send(message, names[0], ifHeard: !options.isEmpty)
        case ("GSEND", let message?) where options.isEmpty: self = .groupSend(message, names[0], except: nil)
        case ("JOIN", nil): self = .join(names[0], Array(names.dropFirst()))
        case ("LEAVE", nil): self = .leave(names[0], Array(names.dropFirst()))
        case ("LISTEN", nil) where options.isEmpty: self = .listen(names)
        case ("UNLISTEN", nil): self = .unlisten(names)
        case ("READY", nil):
            guard let count = Int(words[0]), count > 0 else { return nil }
            self = .ready(count, words.count > 1 ? words[1] : nil)
        case ("PAUSE", nil): self = .pause(names[0])
        case ("RESUME", nil): self = .resume(names[0])
        case ("CLOSE", nil): self = .close(names)
        case ("PING", nil): self = .ping
        default: return nil
        }
    }
}

/// The layers of one vector.
private struct LayerRun {
    private let house: LayerHouse
    private var guests: [String: LayerGuest] = [:]
    private(set) var faults: [String] = []

    init(_ house: LayerHouse) { self.house = house }

    mutating func run(_ step: LayerScenario.Step) async throws {
        switch step {
        case .advance(let milliseconds): try await self.house.broker.advance(by: milliseconds, inSteps: 50)
        case .call(let name, let call): try await self.guest(name).carryOut(call)
        case .expect(let name, let answers, let deliveries):
            let guest = try await self.guest(name)
            // All that was called has led to all that it leads to.
            for guest in self.guests.values { try await guest.settle() }
            self.faults += guest.compare(answers, deliveries).map { "\(name): \($0)" }
        }
    }

    private mutating func guest(_ name: String) async throws -> LayerGuest {
        if let guest = self.guests[name] { return guest }
        let guest = LayerGuest(self.house.layer())
        try await guest.settle()
        self.guests[name] = guest
        return guest
    }
}

/// One connection of a vector: a layer, and what it was told.
private final class LayerGuest: Sendable {
    private struct State {
        var listenings: [(names: [String], listening: any Listening)] = []
        /// How each request was answered; `nil` where a layer does not tell.
        var answers: [String?] = []
        var deliveries: [Delivered] = []
    }

    private let layer: any ChannelLayer
    private let state = Mutex(State())

    init(_ layer: any ChannelLayer) { self.layer = layer }

    func settle() async throws {
        for _ in 0..<2 { try await self.layer.leave("nobody", ["nowhere"]) }
    }

    func carryOut(_ call: LayerCall) async throws {
        switch call {
        case .send(let message, let channel, let ifHeard):
            self.answered(
                await withCheckedContinuation { continuation in
                    self.layer.send(message.payload, to: channel, ifHeard: ifHeard) {
                        continuation.resume(returning: $0)
                    }
                })
        case .groupSend(let message, let group, let except):
            self.answered(
                await withCheckedContinuation { continuation in
                    self.layer.send(message.payload, toGroup: group, except: except) {
                        continuation.resume(returning: $0)
                    }
                })
        case .join(let group, let channels):
            self.answered(
                await withCheckedContinuation { continuation in
                    self.layer.join(group, channels) { continuation.resume(returning: $0) }
                })
        case .leave(let group, let channels):
            self.answered(
                await withCheckedContinuation { continuation in
                    self.layer.leave(group, channels) { continuation.resume(returning: $0) }
                })
        case .listen(let names): self.listen(names)
        case .unlisten(let names): await self.stop(names)
        case .ready(let count, let name):
            let listenings = self.state.withLock(\.listenings)
            listenings.first { name == nil || $0.names == [name] }?.listening.ready(count)
        case .pause(let channel): self.untold { self.layer.pause(channel) }
        case .resume(let channel): self.untold { self.layer.resume(channel) }
        case .close(let channels): self.untold { self.layer.close(channels) }
        case .ping: self.untold {}
        }
        try await self.settle()
    }

    private func listen(_ names: [String]) {
        let place = self.state.withLock { state in
            state.answers.append(nil)
            return state.answers.count - 1
        }
        let isMailbox = names.contains { $0.hasSuffix("!") }
        let listening = self.layer.listen(to: names) { delivery in
            self.received(delivery)
        } event: { event in
            switch event {
            case .started(let isKept) where isMailbox: self.answer(place, "OK state=\(isKept ? "kept" : "fresh")")
            case .refused(let refusal): self.answer(place, "ERR \(refusal.code)")
            case .started, .interrupted, .weakened, .forsaken, .lost: break
            }
        }
        self.state.withLock { $0.listenings.append((names, listening)) }
    }

    private func stop(_ names: [String]) async {
        let listening = self.state.withLock { state in
            state.answers.append("OK")
            let place = state.listenings.firstIndex { $0.names == names }
            return place.map { state.listenings.remove(at: $0).listening }
        }
        await withCheckedContinuation { continuation in
            if let listening { listening.stop { continuation.resume() } } else { continuation.resume() }
        }
    }

    private func received(_ delivery: Delivery) {
        let group = delivery.group.map { ["group=\($0)"] } ?? []
        let delivered = Delivered(words: delivery.channels + group, message: try? Message(delivery.body))
        self.state.withLock { $0.deliveries.append(delivered) }
    }

    private func untold(_ call: () -> Void) {
        self.state.withLock { $0.answers.append(nil) }
        call()
    }

    private func answer(_ place: Int, _ text: String) {
        self.state.withLock { state in
            // Of a listening that comes to an end later, when its answer was compared.
            if place < state.answers.count { state.answers[place] = text }
        }
    }

    private func answered(_ answer: SendAnswer) {
        self.state.withLock { $0.answers.append(answer == .done ? "OK" : "ERR \(Self.code(answer))") }
    }

    private static func code(_ answer: SendAnswer) -> String {
        if case .refused(let refusal) = answer { refusal.code } else { "unknown" }
    }

    private func answered(_ answer: GroupAnswer) {
        let text =
            switch answer {
            case .sent(let sent, let full, let gone): "OK sent=\(sent) full=\(full) gone=\(gone)"
            case .refused(let refusal): "ERR \(refusal.code)"
            case .unknown: "unknown"
            }
        self.state.withLock { $0.answers.append(text) }
    }

    /// - Returns: what is not as it should be.
    func compare(_ answers: [String], _ deliveries: [Delivered]) -> [String] {
        let (gotAnswers, gotDeliveries) = self.state.withLock { state in
            defer { (state.answers, state.deliveries) = ([], []) }
            return (state.answers, state.deliveries)
        }
        var faults: [String] = []
        if gotDeliveries != deliveries { faults.append("deliveries \(gotDeliveries), not \(deliveries)") }
        if gotAnswers.count != answers.count { faults.append("\(gotAnswers.count) answers, not \(answers.count)") }
        for case (let got?, let answer) in zip(gotAnswers, answers) where got != answer {
            faults.append("the answer \(got), not \(answer)")
        }
        return faults
    }
}
