/// All that a server counts, by the names of protocol/INTERFACE.md, section 10.
package struct ServerMetrics: Hashable, Sendable {
    package var server: ServerCounters
    package var wire: WebSocketCounters

    /// Bytes that are held, by part, and how many there may be.
    package var memory: [MemoryPart: Int]
    package var memoryLimit: Int
    package var latencies: LatencyTable

    package init(
        server: ServerCounters, wire: WebSocketCounters, memory: [MemoryPart: Int] = [:], memoryLimit: Int = 0,
        latencies: LatencyTable = LatencyTable()
    ) {
        self.server = server
        self.wire = wire
        self.memory = memory
        self.memoryLimit = memoryLimit
        self.latencies = latencies
    }

    package var all: [Metric] {
        self.held + self.http + self.latencies.metrics + self.files + self.compression + self.server.tls.metrics
            + self.server.http2.metrics
            + self.asking
            + self.events + self.messages + self.connections
    }

    private var held: [Metric] {
        [
            Metric(
                "seaway_memory_bytes", "Bytes that are held for clients now.",
                by: MemoryPart.allCases.map { ($0.label, self.memory[$0] ?? 0) }, .gauge, label: "part"),
            Metric("seaway_memory_limit_bytes", "Bytes that may be held for clients.", self.memoryLimit, .gauge),
        ]
    }

    private var http: [Metric] {
        let counters = self.server
        return [
            Metric("seaway_connections_total", "Connections that came.", counters.connections),
            Metric("seaway_connections_open", "HTTP connections open now.", counters.openConnections, .gauge),
            Metric(
                "seaway_connections_gave_way_total",
                "Connections without a request under way that gave way to others.",
                by: GivingWay.uses.map { ("\($0)", counters.gaveWay[$0] ?? 0) }),
            Metric(
                "seaway_accept_failures_total", "Connections that could not be taken for want of descriptors.",
                counters.acceptFailures),
            Metric(
                "seaway_proxy_headers_total", "Connections of which a proxy has said whose they are.",
                counters.proxyHeaders),
            Metric(
                "seaway_proxy_headers_refused_total", "Connections closed because a proxy did not say it.",
                by: ["malformed": counters.malformedProxyHeaders, "slow": counters.slowProxyHeaders]),
            Metric("seaway_http_requests_total", "Requests sent to a channel.", counters.requests),
            Metric("seaway_http_answers_total", "Answers that were passed on whole.", counters.answered),
            Metric(
                "seaway_http_refused_total", "What the server answered, or ended, by itself.",
                by: [
                    "full": counters.full, "unreachable": counters.unreachable, "unknown": counters.unknown,
                    "refused": counters.refused, "no_room_for_body": counters.noRoomForBody,
                    "no_memory": counters.noMemory,
                    "no_worker": counters.noWorker, "worker_lost": counters.workersLost,
                    "worker_gave_up": counters.workersGaveUp,
                    "bad_request": counters.badRequests, "slow_request": counters.slowRequests,
                    "chunk_overhead": counters.chunkOverheads,
                    "too_large": counters.tooLarge, "target_too_long": counters.targetTooLong,
                    "head_too_large": counters.headTooLarge,
                    "timeout": counters.timeouts, "malformed_answer": counters.malformedAnswers,
                    "too_many_connections": counters.refusedConnections,
                    "too_many_of_address": counters.refusedOfAddress, "stalled_client": counters.stalledClients,
                ]),
            Metric(
                "seaway_http_asked_again_total", "Requests that another worker got since the first was lost.",
                counters.askedAgain),
            Metric(
                "seaway_http_not_kept_total", "Requests that could not be kept for another worker.", counters.notKept),
            Metric(
                "seaway_http_times_over_total", "Times that were over, by what limits them.",
                by: TimeLimit.allCases.map { ($0.reason, counters.timesOver[$0] ?? 0) }),
            Metric(
                "seaway_http_messages_dropped_total", "Messages of workers that answer nothing.",
                by: [
                    "late": counters.lateAnswers, "unknown": counters.unknownAnswers,
                    "duplicate": counters.duplicatePieces,
                ]),
            Metric(
                "seaway_http_disconnects_total",
                "Requests for whose answer nobody waited any more before it was whole.",
                by: [
                    "left": counters.disconnected, "stalled": counters.stalledRequests,
                    "shutdown": counters.shutdownRequests,
                ]),
            Metric(
                "seaway_http_workers_told_total", "Messages to workers' own disconnect channels.",
                counters.workersTold),
            Metric("seaway_http_pauses_total", "Reply channels held back for a slow client.", counters.pauses),
            Metric("seaway_http_body_streams_total", "Bodies that went in pieces.", counters.bodyStreams),
            Metric(
                "seaway_http_body_waits_total", "Times that a piece of a body found no room or no reader.",
                counters.bodyWaits),
            Metric(
                "seaway_http_bodies_broken_off_total", "Bodies in pieces whose rest nobody got.",
                counters.bodiesBrokenOff),
        ]
    }

    private var files: [Metric] {
        let counters = self.server.files
        return [
            Metric(
                "seaway_static_answers_total", "Answers to requests for files.",
                by: [
                    "2xx": counters.successes, "3xx": counters.redirections, "4xx": counters.clientErrors,
                    "5xx": counters.serverErrors,
                ]),
            Metric("seaway_static_bytes_total", "Bytes of files that were passed on.", counters.bytes),
            Metric("seaway_static_open", "Files that are looked for, read or sent now.", counters.open, .gauge),
            Metric(
                "seaway_static_fallthroughs_total", "Requests for what is no file, which went to workers.",
                counters.fellThrough),
            Metric(
                "seaway_static_failures_total", "Files that were not sent, or not to their end.",
                by: ["no_room": counters.noRoom, "unreadable": counters.failed, "cut": counters.cut]),
        ]
    }

    private var compression: [Metric] {
        let counters = self.server.compression
        return [
            Metric("seaway_compressed_answers_total", "Answers that were compressed.", counters.answers),
            Metric(
                "seaway_compressed_bytes_in_total", "Bytes of their content before they were compressed.",
                counters.bytesIn),
            Metric("seaway_compressed_bytes_out_total", "Bytes of their content after that.", counters.bytesOut),
            Metric(
                "seaway_compression_passed_over_total", "Answers sent as they are for want of a compressor.",
                counters.noCompressor),
            Metric("seaway_compressors_in_use", "Compressors in use now.", counters.inUse, .gauge),
        ]
    }

    private var asking: [Metric] {
        let counters = self.server.sockets
        return [
            Metric("seaway_websocket_asked_total", "Upgrades that workers were asked about.", counters.asked),
            Metric("seaway_websocket_accepted_total", "Upgrades that a worker accepted.", counters.accepted),
            Metric(
                "seaway_websocket_refused_total", "Upgrades that were refused.",
                by: [
                    "worker": counters.refused, "origin": counters.refusedOrigins, "address": counters.tooMany,
                    "timeout": counters.notAccepted,
                ]),
        ]
    }

    private var events: [Metric] {
        let counters = self.server.sockets
        return [
            Metric("seaway_websocket_events_total", "Events that were stored, or maybe stored.", counters.events),
            Metric(
                "seaway_websocket_events_unknown_total", "Events of which it is not known.", counters.unknownEvents),
            Metric(
                "seaway_websocket_events_dropped_total", "Events that no worker gets.",
                by: ["receive": counters.droppedEvents, "disconnect": counters.droppedDisconnects]),
            Metric("seaway_websocket_waits_total", "Times that an event found no room.", counters.waits),
            Metric(
                "seaway_websocket_fallbacks_total",
                "Events that went to the shared channel because nobody read the socket's own.", counters.fallbacks),
            Metric(
                "seaway_websocket_missing_dones_total", "Events sent without the done of the one before.",
                counters.missingDones),
        ]
    }

    private var messages: [Metric] {
        let counters = self.server.sockets
        return [
            Metric(
                "seaway_websocket_messages_dropped_total", "Messages of workers that no browser gets.",
                by: [
                    "malformed": counters.malformed, "late": counters.late, "unknown": counters.unknown,
                    "early": counters.early,
                    "oldest": self.wire.droppedOldest, "replaced": self.wire.droppedReplaced,
                    "closing": self.wire.droppedClosing, "unsent": self.wire.droppedUnsent,
                ]),
            Metric("seaway_websocket_pauses_total", "Channels held back for a slow browser.", counters.pauses),
            Metric("seaway_websocket_blocked_total", "Times that a browser became too slow.", self.wire.blocked),
        ]
    }

    private var connections: [Metric] {
        let counters = self.wire
        return [
            Metric("seaway_websocket_opened_total", "WebSockets that were opened.", counters.sockets),
            Metric("seaway_websocket_open", "WebSockets open now.", counters.openSockets, .gauge),
            Metric(
                "seaway_websocket_closed_total", "WebSockets that the server closed by itself.",
                by: [
                    "malformed": counters.malformed, "too_big": counters.tooBig, "too_fast": counters.tooFast,
                    "too_slow": counters.blockedTooLong, "no_room": counters.noRoom, "silent": counters.silent,
                    "close_timeout": counters.closeTimeouts, "overloaded": self.server.sockets.overloaded,
                ]),
            Metric(
                "seaway_websocket_received_messages_total", "Messages of browsers.", counters.receivedMessages),
            Metric(
                "seaway_websocket_received_bytes_total", "Their bytes, after decompression.", counters.receivedBytes),
            Metric("seaway_websocket_sent_messages_total", "Messages to browsers.", counters.sentMessages),
            Metric("seaway_websocket_sent_bytes_total", "Their bytes on the wire.", counters.sentBytes),
            Metric("seaway_websocket_pongs_dropped_total", "Pongs that newer ones replaced.", counters.droppedPongs),
        ]
    }
}
