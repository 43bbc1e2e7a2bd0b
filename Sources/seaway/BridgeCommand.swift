import ArgumentParser

/// `seaway bridge`
struct BridgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bridge",
        abstract: "Put existing services into groups and channels.",
        discussion: """
            A bridge is an ordinary client of the broker. It waits when the broker or the service is away, sends in order, and holds a \
            bounded amount. How topics become names stands in protocol/BRIDGES.md.

              tail -f access.log | seaway bridge stdin --to-group log
              seaway bridge exec --from-channel jobs -- ./work.sh
            """,
        subcommands: [
            BridgeStdinCommand.self, BridgeHTTPCommand.self, BridgePostgresCommand.self, BridgeRedisCommand.self,
            BridgeMQTTCommand.self, BridgeExecCommand.self,
        ])
}
