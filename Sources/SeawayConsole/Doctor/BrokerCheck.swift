package import SeawayMessage

/// What a look at a broker has told.
package struct BrokerFacts: Hashable, Sendable {
    /// What a token may do with a name; `nil` where the broker's answer tells nothing.
    package struct Right: Hashable, Sendable {
        package var right: String
        package var name: String
        package var isAllowed: Bool?
        /// Whether somebody asked for it: then it has to be there.
        package var isWanted: Bool

        package init(_ right: String, _ name: String, isAllowed: Bool?, isWanted: Bool) {
            self.right = right
            self.name = name
            self.isAllowed = isAllowed
            self.isWanted = isWanted
        }
    }

    package var address: String
    /// Why there is no connection.
    package var absence: String?
    /// What to do about that.
    package var absenceAdvice: String?
    /// From asking to the answer.
    package var milliseconds = 0.0
    package var features: Set<String> = []
    package var rights: [Right] = []
    /// The answer to `STATS`; `nil` where the token may not ask for it.
    package var totals: Message?

    package init(_ address: String) { self.address = address }
}

/// Whether a broker is as its clients want it.
package enum BrokerCheck {
    /// - Parameter known: features that this program knows.
    package static func findings(_ facts: BrokerFacts, known: Set<String>) -> [Finding] {
        let about = "broker \(facts.address)"
        if let absence = facts.absence {
            return [Finding(.fail, about, absence, advice: facts.absenceAdvice)]
        }
        let time = "\((facts.milliseconds * 10).rounded() / 10) ms"
        var findings = [Finding(.ok, about, "it answers in \(time)"), self.features(facts.features, known, about)]
        findings += facts.rights.map { self.right($0, about) }
        if let totals = facts.totals { findings += self.load(totals, about) }
        return findings
    }

    private static func features(_ have: Set<String>, _ known: Set<String>, _ about: String) -> Finding {
        let missing = known.subtracting(have).sorted()
        let list = have.sorted().joined(separator: ",")
        guard !missing.isEmpty else { return Finding(.ok, about, "wire protocol 1 with \(list)") }
        return Finding(
            .warn, about, "wire protocol 1 with \(list), without \(missing.joined(separator: ","))",
            advice: "the broker is older than this program: bring it up to date")
    }

    private static func right(_ right: BrokerFacts.Right, _ about: String) -> Finding {
        let what = "\(right.right) \(right.name)"
        switch right.isAllowed {
        case true?: return Finding(.ok, about, "the token allows \(what)")
        case nil: return Finding(.warn, about, "whether the token allows \(what) does not show")
        case false?:
            let option = right.right == "look into" ? "admin" : right.right
            return Finding(
                right.isWanted ? .fail : .ok, about, "the token does not allow \(what)",
                advice: right.isWanted
                    ? "seaway token add NAME --\(option) '\(right.name)', and SIGHUP for the broker" : nil)
        }
    }

    /// From what part of a bound on it is to be told, in percent.
    private static let much = 80

    private static func load(_ totals: Message, _ about: String) -> [Finding] {
        let limits = totals["limits"]?.map ?? Message()
        var findings: [Finding] = []
        for (name, limit) in [
            ("memory", "max-memory"), ("connections", "max-connections"), ("channels", "max-channels"),
            ("groups", "max-groups"),
        ] {
            guard let used = totals[name]?.int, let most = limits[limit]?.int, most > 0 else { continue }
            let percent = Int(Double(used) / Double(most) * 100)
            guard percent >= self.much else { continue }
            findings.append(
                Finding(
                    .warn, about, "\(name) is at \(percent) % of \(limit)",
                    advice: "raise \(limit), or find who holds so much: seaway top"))
        }
        if let failures = totals["accept-failures"]?.int, failures > 0 {
            findings.append(
                Finding(
                    .warn, about, "\(failures) times a connection could not be taken for want of descriptors",
                    advice: "LimitNOFILE= in the unit, or ulimit -n"))
        }
        if let lines = totals["log-dropped"]?.int, lines > 0 {
            findings.append(
                Finding(
                    .warn, about, "\(lines) lines of its log were dropped", advice: "see who reads its standard error"))
        }
        return findings.isEmpty ? [Finding(.ok, about, "it is far from all of its limits")] : findings
    }
}
