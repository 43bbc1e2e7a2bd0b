import ArgumentParser
import SeawayBridge
import SeawayBroker
import SeawayMessage

/// `seaway bridge mqtt`
struct BridgeMQTTCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mqtt",
        abstract: "Send what is published on MQTT topics, or publish what comes.",
        discussion: """
            --to-group and --to-channel with --subscribe; --from-group and --from-channel with --publish. With --client-id and \
            --qos 1 the MQTT broker keeps what is published while the bridge is away. A subscription that it refuses is told, and \
            asked for again, while the others are read.

              seaway bridge mqtt --subscribe 'home/+/temp' --to-group 'temp.{2}'
              seaway bridge mqtt --from-group liveblog --publish site/liveblog
            """)

    @Option(help: ArgumentHelp("The MQTT broker.", valueName: "host:port"))
    var mqtt = AddressOption(.tcp(host: "127.0.0.1", port: 1_883))

    @Option(help: ArgumentHelp("Who we are.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("The first line of this file is the password.", valueName: "path"))
    var passwordFile: String?

    @Option(help: ArgumentHelp("The name of a session that the MQTT broker keeps.", valueName: "id"))
    var clientId: String?

    @Option(help: ArgumentHelp("Topics, with + and # for any; repeat it for more.", valueName: "topic"))
    var subscribe: [String] = []

    @Option(help: "Quality of service, 0 to 2.")
    var qos = 0

    @Flag(help: "What is published is a message in JSON.")
    var json = false

    @Option(help: ArgumentHelp("Publish on this topic.", valueName: "topic"))
    var publish: String?

    @OptionGroup(title: "MQTT") var service: BridgeServiceOptions
    @OptionGroup(title: "Brokers") var broker: BridgeBrokerOptions
    @OptionGroup(title: "To the broker") var target: BridgeTargetOptions
    @OptionGroup(title: "From the broker") var reading: BridgeReadingOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    func validate() throws {
        guard case .tcp = self.mqtt.address else {
            throw ValidationError("--mqtt is \(self.mqtt.address); allowed is HOST:PORT.")
        }
        guard (0...2).contains(self.qos) else { throw ValidationError("--qos is \(self.qos); allowed is 0 to 2.") }
        try self.target.belongs(with: "--subscribe", !self.subscribe.isEmpty)
        try self.reading.belongs(with: "--publish", self.publish != nil)
        guard !self.subscribe.isEmpty || self.publish != nil else {
            throw ValidationError("Give --subscribe or --publish.")
        }
        for filter in self.subscribe {
            if let fault = MQTTTopic.fault(inFilter: filter) { throw ValidationError("--subscribe: \(fault).") }
        }
        if let topic = self.publish, let fault = MQTTTopic.fault(inName: topic) {
            throw ValidationError("--publish: \(fault).")
        }
        for (option, text) in [("client-id", self.clientId), ("user", self.user)] {
            guard let text, !(1...65_535).contains(text.utf8.count) || text.utf8.contains(0) else { continue }
            throw ValidationError("--\(option) has 1 to 65535 bytes and no NUL, this one has \(text.utf8.count).")
        }
        guard self.passwordFile == nil || self.user != nil else {
            throw ValidationError("--password-file needs --user.")
        }
        guard self.clientId == nil || self.subscribe.isEmpty || self.publish == nil else {
            throw ValidationError("--client-id is for one of --subscribe and --publish: each has a session.")
        }
    }

    func run() async throws {
        try ServiceLibrary.libmosquitto.loadOrLeave()
        guard case .tcp(let host, let port) = self.mqtt.address else { return }
        let run = try await BridgeRun("mqtt", of: self, \Self.log, \Self.broker, self.target)
        let password = try self.passwordFile.map { try Secret.firstLine(of: $0, option: "password-file") }
        let address = MQTTAddress(
            host: host, port: port, user: self.user, password: password.map { String(decoding: $0, as: UTF8.self) },
            clientID: self.clientId, limits: self.service.limits)
        var sources: [any BridgeSource] = []
        if let intake = try self.target.intake(json: self.json, run.pump) {
            let reader = MQTTReader(
                address, filters: self.subscribe, qualityOfService: self.qos, intake: intake, logger: run.logger)
            sources.append(try ThreadSource(reader, pump: run.pump, logger: run.logger))
        }
        if let point = self.reading.point, let topic = self.publish {
            let publisher = try MQTTPublisher(
                address, topic: topic, qualityOfService: self.qos, tally: run.tally, logger: run.logger)
            sources.append(LayerSource(run.layer, point, logger: run.logger) { await publisher.publish($0.body) })
        }
        try await run.run(sources)
    }
}
