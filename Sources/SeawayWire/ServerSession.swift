/// What one client has said so far, and what its next line means in the light of it.
///
/// The broker's side of a connection, without its bytes: a line goes in, a verdict comes out.
package struct ServerSession: Hashable, Sendable {
    /// What to do about a line.
    package enum Verdict: Hashable, Sendable {
        case request(Request)
        /// A group send whose body was not taken: each member counts as full (M1).
        case countAsFull(group: Name, except: Name?)
        /// Answer `ERR`; go on.
        case refuse(WireRefusal)
        /// Answer `ERR`, then end the connection (F11).
        case refuseAndEnd(WireRefusal)
        /// End the connection without an answer.
        case end(StreamError)
    }

    /// A frame in order has come (F11).
    private var isTrusted = false
    /// A frame was not refused, so that it is too late for `HELLO` (H1).
    private var hasAccepted = false
    /// What will be said to the frame whose body is being thrown away.
    private var awaited = Awaited.nothing

    private enum Awaited: Hashable, Sendable {
        case nothing
        // Elsewhere, since most connections never have one.
        indirect case verdict(Verdict)
    }

    package init() {}

    /// A frame in order has come that needs no judgement.
    package mutating func trust() { self.isTrusted = true }

    /// A request was carried out and not refused.
    package mutating func accept() { self.hasAccepted = true }

    /// Judges the line of a whole frame.
    package mutating func judge(_ line: Span<UInt8>, _ shape: FrameShape) -> Verdict {
        do throws(RequestError) {
            let request = try Request(line: line, shape: shape)
            defer { self.isTrusted = true }
            if case .hello = request, self.hasAccepted { return .refuse(.state) }
            return .request(request)
        } catch {
            switch error {
            case .ends(let error): return .end(error)
            case .refused(let refusal): return self.refuse(refusal)
            }
        }
    }

    /// Judges the line of a frame whose body will be thrown away; the verdict comes from ``judgeDiscarded()``.
    ///
    /// - Parameters:
    ///   - reason: why the body is not taken; a fault of the line itself comes first (A4).
    ///   - isAllowed: whether this client may ask for it.
    package mutating func discard(
        _ line: Span<UInt8>, _ shape: FrameShape, reason: WireRefusal, isAllowed: (Request) -> Bool
    ) {
        do throws(RequestError) {
            let request = try Request(line: line, shape: shape)
            if !reason.isOfForm, !isAllowed(request) {
                self.isTrusted = true
                self.awaited = .verdict(.refuse(.denied))
            } else if case .groupSend(let group, let except, _) = request, reason.isOfMemory {
                self.isTrusted = true
                let name = Name(checked: line.extracting(group).array)
                self.awaited = .verdict(.countAsFull(group: name, except: except))
            } else {
                self.awaited = .verdict(self.refuse(reason))
            }
        } catch {
            if case .refused(let refusal) = error { self.awaited = .verdict(self.refuse(refusal)) }
        }
    }

    /// The thrown-away body has ended.
    package mutating func judgeDiscarded() -> Verdict {
        defer { self.awaited = .nothing }
        return switch self.awaited {
        case .verdict(let verdict): verdict
        // A READY with a body has no refusal of its own.
        case .nothing: .end(.unanswerable)
        }
    }

    private func refuse(_ refusal: WireRefusal) -> Verdict {
        self.isTrusted || !refusal.isOfForm ? .refuse(refusal) : .refuseAndEnd(refusal)
    }
}
