import SeawayBridge
import Testing

/// BRIDGES.md, B1 to B6.
@Suite struct NameTemplateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var template: String
        var source: String
        var name: String?
        var testDescription: String { "\(self.template) of \(self.source)" }
    }

    @Test(arguments: [
        Case(template: "log", source: "whatever/it is", name: "log"),
        Case(template: "{name}", source: "news", name: "news"),
        Case(template: "mqtt.{name}", source: "home/kitchen/temp", name: "mqtt.home.kitchen.temp"),
        Case(template: "redis.{name}", source: "user:7:mail", name: "redis.user.7.mail"),
        Case(template: "t.{2}.{3}", source: "home/kitchen/temp", name: "t.kitchen.temp"),
        Case(template: "{1}-{1}", source: "a.b", name: "a-a"),
        Case(template: "{name}", source: "a b", name: "a_20b"),
        Case(template: "{name}", source: "grün", name: "gr_C3_BCn"),
        Case(template: "{name}", source: "http.response.k3f9!17", name: "http.response.k3f9_2117"),
        Case(template: "{name}", source: "a?b", name: "a_3Fb"),
        Case(template: "{name}", source: "", name: nil),
        Case(template: "x{name}", source: "", name: "x"),
        Case(template: "{3}", source: "a/b", name: nil),
        Case(template: "{2}", source: "a//b", name: nil),
        Case(template: "{name}", source: String(repeating: "a", count: 255), name: String(repeating: "a", count: 255)),
        Case(template: "{name}", source: String(repeating: "a", count: 256), name: nil),
        Case(template: "{name}", source: String(repeating: " ", count: 86), name: nil),
    ])
    func aSourceHasOneName(_ given: Case) throws {
        let rule = try DestinationRule(.group, given.template, illegal: .escape)
        let destination = try? rule.destination(for: Array(given.source.utf8))
        #expect(destination == given.name.map { .group($0) })
    }

    @Test(arguments: ["a b", "grün", "a!b", "a\u{0}b", "a\nb"])
    func illegalBytesAreRefusedWhereAskedFor(_ source: String) throws {
        let rule = try DestinationRule(.channel, "{name}", illegal: .refuse)
        #expect(throws: NameTemplate.Refusal.self) {
            do { _ = try rule.destination(for: Array(source.utf8)) } catch { throw error as any Error }
        }
    }

    @Test(arguments: ["", "a b", "{", "{topic}", "{0}", "{10}", "{}", "a!b", "a?b", "a!"])
    func aTemplateThatCannotMakeAGroupIsRefused(_ template: String) {
        #expect(throws: NameTemplate.Malformed.self) { _ = try DestinationRule(.group, template, illegal: .escape) }
    }

    @Test func anOperatorMayNameAReplyChannelAndASourceMayNot() throws {
        let rule = try DestinationRule(.channel, "box!{name}", illegal: .escape)
        let destination = try rule.destination(for: Array("a!b".utf8))
        #expect(destination == .channel("box!a_21b"))
    }

    @Test func everyByteMakesALegalName() throws {
        let rule = try DestinationRule(.channel, "x{name}", illegal: .escape)
        for byte in UInt8.min...UInt8.max {
            let destination = try rule.destination(for: [byte])
            #expect(throws: Never.self) { _ = try DestinationRule(.group, destination.name, illegal: .refuse) }
        }
    }
}
