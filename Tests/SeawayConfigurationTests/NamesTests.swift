import SeawayConfiguration
import Testing

@Suite("Names of settings")
struct NamesTests {
    @Test("are taken from what the parser says of its options")
    func help() throws {
        let help = """
            {"command": {"commandName": "x", "arguments": [
            {"kind": "option", "isRepeating": true, "names": [{"kind": "long", "name": "listen"}], "valueName": "address"},
            {"kind": "option", "isRepeating": false, "names": [{"kind": "long", "name": "time"}], "abstract": "How long. (default: 30s)"},
            {"kind": "option", "isRepeating": false, "names": [{"kind": "long", "name": "level"}], "allValues": ["a", "b"], "defaultValue": "a"},
            {"kind": "flag", "isRepeating": false, "names": [{"kind": "long", "name": "http2"}], "defaultValue": "--http2"},
            {"kind": "flag", "isRepeating": false, "names": [{"kind": "long", "name": "no-http2"}]},
            {"kind": "flag", "isRepeating": false, "names": [{"kind": "long", "name": "no-sound"}]},
            {"kind": "positional", "isRepeating": true, "valueName": "program", "parsingStrategy": "postTerminator"},
            {"kind": "option", "isRepeating": false, "names": [{"kind": "long", "name": "config"}]},
            {"kind": "flag", "isRepeating": false, "names": [{"kind": "short", "name": "h"}, {"kind": "long", "name": "help"}]}
            ]}}
            """
        #expect(
            try CommandSettings(path: ["x"], help: help).settings == [
                Setting("listen", .list, valueName: "address"), Setting("time", .value, fallback: "30s"),
                Setting("level", .value, allowed: ["a", "b"], fallback: "a"),
                Setting("http2", .flag(off: "no-http2"), fallback: "true"),
                Setting("no-sound", .flag(off: nil), fallback: "false"),
                Setting("program", .rest),
            ])
    }

    @Test(
        "become names of variables",
        arguments: [
            (["serve", "http-timeout"], "SEAWAY_SERVE_HTTP_TIMEOUT"),
            (["bridge", "redis", "to-group"], "SEAWAY_BRIDGE_REDIS_TO_GROUP"),
        ])
    func variables(_ path: [String], _ name: String) { #expect(EnvironmentNames.name(path) == name) }

    @Test("that a variable misses by a letter are told")
    func strangers() {
        let found = EnvironmentNames.strangers(
            [
                "SEAWAY_BROKER_MAX_BDY": "1", "SEAWAY_BROKER": "a", "SEAWAY_BROKER_SERVICE_HOST": "b", "HOME": "c",
                "SEAWAY_BROKER_LISTEN": "d",
            ],
            schema.commands)
        #expect(found.map(\.name) == ["SEAWAY_BROKER_MAX_BDY"] && found.map(\.meant) == ["SEAWAY_BROKER_MAX_BODY"])
    }

    @Test(
        "have values without the passwords in them",
        arguments: [
            ("nats://me:secret@a:4222", "nats://me:***@a:4222"), ("nats://token@a:4222", "nats://***@a:4222"),
            ("http://a:80/b@c", "http://a:80/b@c"), ("host=a password=x dbname=y", "host=a password=*** dbname=y"),
            ("password='a b' host=c", "password=*** host=c"), ("127.0.0.1:7411", "127.0.0.1:7411"),
        ])
    func secrets(_ text: String, _ masked: String) { #expect(SecretText.masked(text) == masked) }
}
