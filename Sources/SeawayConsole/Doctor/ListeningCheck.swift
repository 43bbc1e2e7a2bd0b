/// Where a process listens, or is to.
package struct ListeningFacts: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case broker
        case http
        case metrics
        /// The console, where everything may be done.
        case admin
    }

    package var kind: Kind
    /// As it is configured.
    package var address: String
    /// Whether other machines may reach it.
    package var isReachedFromElsewhere: Bool
    package var isSecured: Bool
    /// Whether somebody has to show a token there.
    package var needsTokens: Bool
    /// Whether somebody listens there now; `nil` where that could not be seen.
    package var isListening: Bool?

    package init(
        _ kind: Kind, _ address: String, isReachedFromElsewhere: Bool, isSecured: Bool, needsTokens: Bool,
        isListening: Bool? = nil
    ) {
        self.kind = kind
        self.address = address
        self.isReachedFromElsewhere = isReachedFromElsewhere
        self.isSecured = isSecured
        self.needsTokens = needsTokens
        self.isListening = isListening
    }
}

/// Who may do what at an address.
package enum ListeningCheck {
    package static func finding(_ facts: ListeningFacts) -> Finding {
        let (grade, text, advice) = self.judgement(facts)
        let now = facts.isListening.map { $0 ? ", somebody listens there now" : ", nobody listens there now" } ?? ""
        return Finding(grade, "\(self.name(facts.kind)) at \(facts.address)", text + now, advice: advice)
    }

    private static func name(_ kind: ListeningFacts.Kind) -> String {
        switch kind {
        case .broker: "broker"
        case .http: "HTTP"
        case .metrics: "metrics"
        case .admin: "console"
        }
    }

    private static func judgement(_ facts: ListeningFacts) -> (Finding.Grade, String, String?) {
        let tls = facts.isSecured ? "TLS" : "no TLS"
        switch (facts.kind, facts.isReachedFromElsewhere) {
        case (.broker, false):
            return (
                .ok, "this machine only, \(tls), \(facts.needsTokens ? "with tokens" : "everybody may do everything")",
                nil
            )
        case (.broker, true) where !facts.needsTokens:
            return (
                .fail, "reached from elsewhere without tokens: the broker does not start so",
                "tokens: FILE (seaway help token)"
            )
        case (.broker, true) where !facts.isSecured:
            return (
                .warn, "reached from elsewhere without TLS: tokens and messages can be read on their way",
                "listen: tls://\(facts.address), tls-certificate and tls-key"
            )
        case (.broker, true): return (.ok, "reached from elsewhere, with TLS and tokens", nil)
        case (.http, true) where !facts.isSecured:
            return (
                .warn, "reached from elsewhere without TLS: right behind a proxy that has it",
                "http-tls-certificate and http-tls-key, or an address that only the proxy reaches"
            )
        case (.http, let isOpen):
            return (.ok, "\(isOpen ? "reached from elsewhere" : "this machine only"), \(tls)", nil)
        case (.metrics, true):
            return (.warn, "whoever reaches it may read all counters", "an address of this machine, such as 127.0.0.1")
        case (.metrics, false): return (.ok, "this machine only", nil)
        case (.admin, true) where !facts.needsTokens:
            return (.fail, "reached from elsewhere without a token: nothing starts so", "admin-token-file: FILE")
        case (.admin, true):
            return (
                .warn, "reached from elsewhere without TLS: the token can be read on its way",
                "an address of this machine, or a proxy with TLS in front"
            )
        case (.admin, false): return (.ok, "this machine only\(facts.needsTokens ? ", with a token" : "")", nil)
        }
    }
}
