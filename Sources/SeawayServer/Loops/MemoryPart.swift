/// What a server holds memory for, as its account names it (protocol/INTERFACE.md, I35).
package enum MemoryPart: Int, Hashable, Sendable, CaseIterable {
    /// Of HTTP and WebSockets: state, tables of fields, buffers that are kept.
    case connections
    /// What came and was not parsed, or waits to be.
    case input
    /// Bodies of requests, on their way to workers.
    case bodies
    /// What browsers send: messages whose end is missing, and those that wait for workers.
    case messages
    /// Parts of answers that wait for their turn.
    case answers
    /// What was sent to clients and they have not taken.
    case output
    /// Windows and tables of compressors and decompressors.
    case compression

    /// The value of the metric's label.
    package var label: String { "\(self)" }
}
