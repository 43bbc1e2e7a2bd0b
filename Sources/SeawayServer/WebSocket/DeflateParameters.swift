/// What both sides have agreed on for one socket (RFC 7692, section 7.1).
package struct DeflateParameters: Hashable, Sendable {
    /// The server begins each message anew.
    package var serverNoContextTakeover: Bool
    /// The client begins each message anew.
    package var clientNoContextTakeover: Bool
    /// 8 to 15: how far back what the server sends may refer, as a power of 2.
    package var serverMaxWindowBits: Int
    /// 8 to 15: how far back what the client sends may refer.
    package var clientMaxWindowBits: Int

    package init(
        serverNoContextTakeover: Bool = false, clientNoContextTakeover: Bool = false, serverMaxWindowBits: Int = 15,
        clientMaxWindowBits: Int = 15
    ) {
        self.serverNoContextTakeover = serverNoContextTakeover
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverMaxWindowBits = serverMaxWindowBits
        self.clientMaxWindowBits = clientMaxWindowBits
    }
}
