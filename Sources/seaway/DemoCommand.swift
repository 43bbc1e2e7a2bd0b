import ArgumentParser
import DemoSite
import Logging
import NIOCore
import SeawayBroker
import SeawayMessage
import SeawayWorker
import ServiceLifecycle

/// `seaway demo`
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a live blog: broker, interface server, a worker and the console in one process.",
        discussion: """
            Open the address that it prints twice, and write something. It is seaway up with a worker inside; any other
            worker may attach at --listen, and any shell may post:

              seaway demo
              seaway gsend liveblog '{"text":"me: hello"}'

            It keeps nothing, and Ctrl-C ends it.
            """)

    @Option(help: ArgumentHelp("Where the page is.", valueName: "host:port"))
    var http = "127.0.0.1:8000"

    @Option(help: ArgumentHelp("Where workers and shells attach.", valueName: "host:port"))
    var listen = "127.0.0.1:7411"

    @Option(help: ArgumentHelp("Where the console is.", valueName: "host:port"))
    var admin = "127.0.0.1:9411"

    @OptionGroup(title: "Log") var log: LogOptions

    private var up: UpCommand {
        get throws {
            let routes = ["swift", "any", "bigdata"].flatMap {
                ["--route", "/\($0)=http.request.\($0)"]
            }
            return try UpCommand.parse(
                ["--http", self.http, "--listen", self.listen, "--admin", self.admin] + routes
                    + ["--log-level", self.log.logLevel.rawValue])
        }
    }

    func validate() throws { _ = try self.up }

    func run() async throws {
        try await self.up.run { broker, loop in
            let logger = self.log.logger("seaway.demo")
            let layer = broker.makeLayer(clientName: "seaway-demo", on: loop)
            let worker = Worker(layer: layer, logger: logger)
            DemoSite(broker: self.listen, workers: ["Swift"]).serve(on: worker, of: layer)
            let blog = LiveBlog(of: layer)
            blog.serve(on: worker)
            try await blog.open()
            Process.say("The live blog is at http://\(self.http)/ and its console at http://\(self.admin)/")
            return [worker]
        }
    }
}
