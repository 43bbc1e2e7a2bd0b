/// One well-formed offer of permessage-deflate (RFC 7692, section 7.1).
struct DeflateOffer {
    private var serverNoContextTakeover = false
    private var clientNoContextTakeover = false
    private var serverMaxWindowBits: Int?
    private var clientMaxWindowBits: Int?

    /// - Returns: `nil` for another extension, and for an offer that is to be declined: a parameter that is unknown,
    ///   stands twice, or has a value that it cannot have.
    init?(_ offer: ExtensionOffers.Offer) {
        guard offer.name == "permessage-deflate", Set(offer.parameters.map(\.name)).count == offer.parameters.count
        else { return nil }
        for parameter in offer.parameters {
            switch (parameter.name, parameter.value) {
            case ("server_no_context_takeover", nil): self.serverNoContextTakeover = true
            case ("client_no_context_takeover", nil): self.clientNoContextTakeover = true
            case ("client_max_window_bits", nil): self.clientMaxWindowBits = 15
            case ("client_max_window_bits", let value?):
                guard let bits = Self.windowBits(value) else { return nil }
                self.clientMaxWindowBits = bits
            case ("server_max_window_bits", let value?):
                guard let bits = Self.windowBits(value) else { return nil }
                self.serverMaxWindowBits = bits
            default: return nil
            }
        }
    }

    private static func windowBits(_ value: String) -> Int? {
        guard !value.hasPrefix("0"), value.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let bits = Int(value), 8...15 ~= bits
        else { return nil }
        return bits
    }

    /// What comes of the offer with a server that is ready for this much.
    func agree(_ server: DeflateConfiguration) -> (parameters: DeflateParameters, answer: String) {
        let parameters = DeflateParameters(
            serverNoContextTakeover: self.serverNoContextTakeover || !server.serverContextTakeover,
            clientNoContextTakeover: self.clientNoContextTakeover || !server.clientContextTakeover,
            serverMaxWindowBits: min(self.serverMaxWindowBits ?? 15, server.serverMaxWindowBits),
            // Only a client that knows the parameter can be asked to use less than the most.
            clientMaxWindowBits: self.clientMaxWindowBits.map { min($0, server.clientMaxWindowBits) } ?? 15)
        var words = ["permessage-deflate"]
        if parameters.serverNoContextTakeover { words.append("server_no_context_takeover") }
        if parameters.clientNoContextTakeover { words.append("client_no_context_takeover") }
        if self.serverMaxWindowBits != nil { words.append("server_max_window_bits=\(parameters.serverMaxWindowBits)") }
        if self.clientMaxWindowBits != nil { words.append("client_max_window_bits=\(parameters.clientMaxWindowBits)") }
        return (parameters, words.joined(separator: "; "))
    }
}
