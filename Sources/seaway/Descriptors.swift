import CSeaway
import Logging

/// How many sockets and files the process may have open.
enum Descriptors {
    /// For everything besides the connections that an option allows: files, listeners, brokers, the loops.
    private static let others = 128

    /// What an event loop itself has open.
    static let perLoop = 3

    /// Raises the process's own limit as far as its connections need and the system allows.
    ///
    /// No further: programs that this one starts inherit it, and some look at every descriptor that there could be.
    ///
    /// - Parameters:
    ///   - option: the one that allows so many connections; where they do not fit, that is said.
    ///   - spare: others beside them.
    static func provide(for connections: Int, spare: Int = 0, option: String, _ logger: Logger) {
        let allowed = cseaway_provide_descriptors(connections + spare + self.others)
        guard allowed >= 0, allowed < connections else { return }
        logger.notice(
            "fewer connections than allowed will find a descriptor: raise ulimit -n (LimitNOFILE= in a unit)",
            metadata: ["\(option)": "\(connections)", "descriptors": "\(allowed)"])
    }
}
