#if SEAWAY_POSTGRES
    import CLibpq

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    /// A connection to PostgreSQL by libpq; belongs to the thread that has made it.
    final class PostgresConnection {
        /// What libpq said.
        struct Fault: Error, Hashable, Sendable, CustomStringConvertible { let description: String }

        /// What a `NOTIFY` has sent.
        struct Notification {
            let channel: [UInt8]
            let payload: [UInt8]
        }

        private let connection: OpaquePointer

        /// Connects, which holds the thread for 5 s at most unless the text says otherwise.
        ///
        /// - Parameter target: a connection string or URI, as libpq reads it; empty: what the environment says.
        init(_ target: String) throws(Fault) {
            // What stands in the last wins.
            let words: KeyValuePairs = [
                "connect_timeout": "5", "fallback_application_name": "seaway-bridge", "dbname": target,
            ]
            let names = words.map { strdup($0.key) } + [nil]
            let values = words.map { strdup($0.value) } + [nil]
            defer { for text in names + values { free(text) } }
            let connection = PQconnectdbParams(names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 1)
            guard let connection else { throw Fault(description: "out of memory") }
            self.connection = connection
            guard PQstatus(connection) == CONNECTION_OK else { throw self.fault() }
        }

        deinit { PQfinish(self.connection) }

        /// For waiting; changes when the connection is made again.
        var descriptor: CInt { PQsocket(self.connection) }

        func listen(to channel: String) throws(Fault) {
            guard let name = PQescapeIdentifier(self.connection, channel, channel.utf8.count) else {
                throw self.fault()
            }
            defer { PQfreemem(name) }
            try self.execute("LISTEN \(String(cString: name))")
        }

        /// Asks something that changes nothing, to see whether anybody is there.
        func check() throws(Fault) { try self.execute("SELECT 1") }

        /// Sends a text of at most 7,999 bytes.
        func notify(_ channel: String, _ payload: [UInt8]) throws(Fault) {
            let name = strdup(channel)
            let text = strdup(String(decoding: payload, as: UTF8.self))
            defer {
                free(name)
                free(text)
            }
            let values: [UnsafePointer<CChar>?] = [UnsafePointer(name), UnsafePointer(text)]
            let result = PQexecParams(self.connection, "SELECT pg_notify($1, $2)", 2, nil, values, nil, nil, 0)
            try self.check(result)
        }

        /// Takes in what has come, and gives out one notification after the other.
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

        /// Whether a statement that failed was the connection's fault.
        var isOpen: Bool { PQstatus(self.connection) == CONNECTION_OK }

        private func execute(_ statement: String) throws(Fault) { try self.check(PQexec(self.connection, statement)) }

        private func check(_ result: OpaquePointer?) throws(Fault) {
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else { throw self.fault() }
        }

        private func fault() -> Fault {
            let lines = String(cString: PQerrorMessage(self.connection)).split(whereSeparator: \.isNewline)
            return Fault(description: lines.joined(separator: " "))
        }

        private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
            text.map { Array(String(cString: $0).utf8) } ?? []
        }
    }

    @available(*, unavailable)
    extension PostgresConnection: Sendable {}
#endif
