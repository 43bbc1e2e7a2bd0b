import SeawayConfiguration
import Testing

@Suite("A word that was meant")
struct NearWordTests {
    private let commands = ["broker", "bridge", "serve", "send", "stats", "top", "up"]

    @Test(
        "is the nearest of those that there are",
        arguments: [
            ("srve", "serve"), ("brdge", "bridge"), ("sned", "send"), ("borker", "broker"), ("tpo", "top"),
            ("stat", "stats"),
            ("pu", "up"), ("serve", "serve"),
        ])
    func near(_ word: String, _ meant: String) { #expect(NearWord.find(word, among: self.commands) == meant) }

    @Test("is none where too much would be guessed", arguments: ["nosuch", "", "x", "publish", "serverless"])
    func far(_ word: String) { #expect(NearWord.find(word, among: self.commands) == nil) }

    @Test(
        "counts letters put in, left out, changed and exchanged",
        arguments: [
            ("abc", "abc", 0), ("abc", "ab", 1), ("abc", "abcd", 1), ("abc", "axc", 1), ("abc", "acb", 1),
            ("", "abc", 3),
            ("abcd", "badc", 2),
        ])
    func distance(_ first: String, _ second: String, _ distance: Int) {
        #expect(NearWord.distance(first, second) == distance)
    }

    @Test("is the first in the alphabet of several that are as near")
    func several() { #expect(NearWord.find("bat", among: ["cat", "bad"]) == "bad") }
}
