import CLibpq

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A connection to PostgreSQL by libpq; belongs to the thread that has made it, which never waits longer for it than
/// the limits say.
final class PostgresConnection {
    /// What libpq or the server said.
    struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        let description: String
        /// SQLSTATE; nil when it was not the server who spoke, but the connection that broke.
        var state: String?
    }

    /// What a `NOTIFY` has sent.
    struct Notification {
        let channel: [UInt8]
        let payload: [UInt8]
    }

    private let connection: OpaquePointer
    private let limits: ServiceLimits
    private let wakeup: Wakeup

    /// Connects.
    ///
    /// Only a look-up of a host's name may take longer than the limits say: as long as the system's resolver takes.
    ///
    /// - Parameter attempt: how many have failed before: another server comes first each time.
    init(_ target: PostgresAddress, attempt: Int, _ wakeup: Wakeup) throws {
        let words = target.words(attempt: attempt)
        let names = words.map { strdup($0.keyword) } + [nil]
        let values = words.map { strdup($0.value) } + [nil]
        defer { for text in names + values { free(text) } }
        let connection = PQconnectStartParams(names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 1)
        guard let connection else { throw Fault(description: "out of memory") }
        self.connection = connection
        self.limits = target.limits
        self.wakeup = wakeup
        // Else a server could write into our log as it likes.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        guard PQstatus(connection) != CONNECTION_BAD else { throw self.fault() }
        try self.finishConnecting()
        guard PQsetnonblocking(connection, 1) == 0 else { throw self.fault() }
    }

    deinit { PQfinish(self.connection) }

    private func finishConnecting() throws {
        let deadline = Deadline(in: self.limits.answer)
        var awaited = Wakeup.Events.writing
        while true {
            _ = try deadline.wait(for: self.descriptor, awaited, self.wakeup)
            switch PQconnectPoll(self.connection) {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: awaited = .reading
            case PGRES_POLLING_WRITING: awaited = .writing
            default: throw self.fault()
            }
        }
    }

    /// For waiting; changes while it connects.
    var descriptor: CInt { PQsocket(self.connection) }

    func listen(to channel: String) throws {
        guard let name = PQescapeIdentifier(self.connection, channel, channel.utf8.count) else {
            throw self.fault()
        }
        defer { PQfreemem(name) }
        try self.ask("LISTEN \(String(cString: name))")
    }

    /// Asks something that changes nothing, to see whether anybody is there.
    func check() throws { try self.ask("SELECT 1") }

    /// Sends a text.
    func notify(_ channel: String, _ payload: [UInt8]) throws {
        try self.ask("SELECT pg_notify($1, $2)", [channel, String(decoding: payload, as: UTF8.self)])
    }

    /// Takes in what has come, without waiting, and returns what was notified.
    func notifications() throws(Fault) -> [Notification] {
        guard PQconsumeInput(self.connection) == 1 else { throw self.fault() }
        var notifications: [Notification] = []
        while let pointer = PQnotifies(self.connection) {
            defer { PQfreemem(pointer) }
            notifications.append(
                Notification(
                    channel: Self.bytes(pointer.pointee.relname), payload: Self.bytes(pointer.pointee.extra)))
        }
        return notifications
    }

    // MARK: Questions

    /// - Throws: ``Fault``; ``ServiceSilence`` or ``ServiceStopped``, after which the connection is of no use.
    private func ask(_ statement: String, _ values: [String] = []) throws {
        let texts = values.map { strdup($0) }
        defer { for text in texts { free(text) } }
        let pointers = texts.map { UnsafePointer($0) }
        let sent = PQsendQueryParams(
            self.connection, statement, CInt(values.count), nil, pointers, nil, nil, 0)
        guard sent == 1 else { throw self.fault() }
        let deadline = Deadline(in: self.limits.answer)
        try self.flush(deadline)
        var refusal: Fault?
        while let result = try self.result(deadline) {
            defer { PQclear(result) }
            refusal = refusal ?? self.refusal(in: result)
        }
        if let refusal { throw refusal }
    }

    private func flush(_ deadline: Deadline) throws {
        while true {
            switch PQflush(self.connection) {
            case 0: return
            case 1:
                // A server that is not read from may not read either.
                let ready = try deadline.wait(for: self.descriptor, [.reading, .writing], self.wakeup)
                if ready.contains(.reading), PQconsumeInput(self.connection) != 1 { throw self.fault() }
            default: throw self.fault()
            }
        }
    }

    /// The next result; nil when there are no more.
    private func result(_ deadline: Deadline) throws -> OpaquePointer? {
        while PQisBusy(self.connection) == 1 {
            _ = try deadline.wait(for: self.descriptor, .reading, self.wakeup)
            guard PQconsumeInput(self.connection) == 1 else { throw self.fault() }
        }
        return PQgetResult(self.connection)
    }

    private func refusal(in result: OpaquePointer) -> Fault? {
        let status = PQresultStatus(result)
        guard status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK else { return nil }
        let text = Self.line(String(cString: PQresultErrorMessage(result)))
        let state = PQresultErrorField(result, CInt(UInt8(ascii: "C"))).map { String(cString: $0) }
        return Fault(description: text, state: state)
    }

    private func fault() -> Fault {
        Fault(description: Self.line(String(cString: PQerrorMessage(self.connection))))
    }

    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        text.map { Array(String(cString: $0).utf8) } ?? []
    }
}

@available(*, unavailable)
extension PostgresConnection: Sendable {}
