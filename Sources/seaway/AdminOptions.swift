import ArgumentParser
import Logging
import NIOCore
import NIOPosix
import SeawayAdmin
import SeawayBroker
import SeawayLog
import SeawayMessage
import SeawayNIO
import SeawayServer
import ServiceLifecycle

/// Where a process can be looked at: its counters, its health, and the console.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Address of the console in a browser, its API, /metrics, /healthz and /readyz; of this machine alone unless \
            --admin-token-file is given; nowhere unless given.
            """,
            valueName: "host:port"))
    var admin: PlaceOption?

    @Option(
        help: ArgumentHelp(
            "Who uses --admin has to show the first line of this file (Authorization: Bearer); any address is allowed then.",
            valueName: "path"))
    var adminTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Address at which GET /metrics alone prints all counters for Prometheus; whoever reaches it may read them; nowhere unless given.",
            valueName: "host:port"))
    var metrics: PlaceOption?

    func validate() throws {
        guard self.adminTokenFile == nil || self.admin != nil else {
            throw ValidationError("--admin-token-file needs --admin.")
        }
        if let place = self.admin?.place, self.adminTokenFile == nil,
            Broker.Address.tcp(host: place.host, port: place.port).isReachedFromElsewhere
        {
            throw ValidationError(
                "--admin \(place) is reached from other machines, where everybody could do everything: give --admin-token-file."
            )
        }
    }

    fileprivate func rule() throws -> AdminAccess.Rule {
        guard let path = self.adminTokenFile else { return .thisMachine }
        return .token(try Secret.token(of: path, option: "admin-token-file", longest: 255))
    }

    /// What may change while a process runs.
    static let changeable: Set<String> = ["admin-token-file"]

    /// Takes the addresses, or ends the process with a clear line.
    ///
    /// - Parameter makeSite: what there is to be seen; told of the loop that carries it.
    /// - Returns: what is to be run with the rest.
    func open(
        _ kind: AdminSite.Kind, _ logger: Logger, _ makeSite: (any EventLoop, inout AdminSite) throws -> Void
    ) async throws -> AdminServices {
        guard self.admin != nil || self.metrics != nil else { return AdminServices() }
        // Of its own, so that nobody waits for a snapshot.
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        var site = AdminSite(kind, version: Version.current, commit: Version.commit) {
            loop.makeSucceededFuture([])
        }
        try makeSite(loop, &site)
        let metrics = site.metrics
        site.metrics = { metrics().map { $0 + [Self.droppedLines] } }
        var services = AdminServices()
        if let place = self.admin?.place {
            let rule: AdminAccess.Rule
            do {
                rule = try self.rule()
            } catch let error as ValidationError {
                Process.say("seaway: \(error.message)")
                throw ExitCode.validationFailure
            }
            let server = AdminServer(site, AdminAccess(rule), eventLoop: loop, logger: logger)
            try await services.open(server, at: place, as: "admin", onlyLoopback: self.adminTokenFile == nil, logger)
            if case .token = rule { services.guarded = server }
        }
        if let place = self.metrics?.place {
            try await services.open(
                AdminServer(site, AdminAccess(.metricsForEverybody), eventLoop: loop, logger: logger), at: place,
                as: "metrics", onlyLoopback: false, logger)
        }
        return services
    }

    /// Of the whole process.
    private static var droppedLines: Metric {
        Metric(
            "seaway_log_lines_dropped_total", "Lines of the log that were dropped, since nobody read them.",
            StandardErrorLog.dropped)
    }
}

/// What shows a process for as long as that runs.
struct AdminServices {
    private var servers: [AdminServer] = []
    /// That which asks for a token.
    fileprivate var guarded: AdminServer?

    fileprivate mutating func open(
        _ server: AdminServer, at place: ListenPlace, as name: String, onlyLoopback: Bool, _ logger: Logger
    ) async throws {
        let bound = try await Process.claiming(place.description) {
            try await server.start(place, onlyLoopback: onlyLoopback)
        }
        for address in bound { logger.info("\(name)", metadata: ["address": "\(ListenPlace.text(address))"]) }
        self.servers.append(server)
    }

    /// What SIGHUP has read again: the token that is asked for.
    ///
    /// - Parameter options: those of a command.
    func parts<Command>(
        _ options: @escaping @Sendable (Command) -> AdminOptions
    ) -> [Reloading<Command>.Part] {
        guard let guarded = self.guarded else { return [] }
        return [
            .init(what: "tokens of --admin") { command in
                let options = options(command)
                guard options.adminTokenFile != nil else { return nil }
                let rule = try options.rule()
                return { try await guarded.replaceRule(rule) }
            }
        ]
    }

    /// To stand before all else: answers until everything else has left.
    var first: [any Service] { self.servers.map { AdminService(server: $0) } }

    /// To stand behind all else, which is asked to leave first.
    var last: [any Service] { self.servers.map { LeavingNotice(server: $0) } }
}

/// Answers until everything else has left.
private struct AdminService: Service {
    let server: AdminServer

    func run() async throws {
        try await gracefulShutdown()
        await self.server.shutdown()
    }
}

/// Says that the process is not ready any more, before anything of it ends.
private struct LeavingNotice: Service {
    let server: AdminServer

    func run() async throws {
        try await gracefulShutdown()
        self.server.noteLeaving()
    }
}
