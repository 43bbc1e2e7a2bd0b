import SeawayAdmin
import Testing

@Suite("The page is part of the program") struct ConsolePageTests {
    @Test(arguments: ConsolePage.all) func noFileIsEmpty(page: ConsolePage) {
        #expect(!page.bytes.isEmpty && page.path.hasPrefix("/"))
    }

    /// What a file of the page names as a file beside it: `./api.js`, `"console.css"`.
    @Test(arguments: ConsolePage.all) func whatAFileNeedsIsThere(page: ConsolePage) {
        let text = String(decoding: page.bytes, as: UTF8.self)
        let names = text.matches(of: /"(?:\.\/)?([a-z]+\.(?:js|css|svg))"/).map { "/\($0.1)" }
        let paths = ConsolePage.all.map(\.path)
        #expect(names.allSatisfy { paths.contains($0) })
        #expect(page.path != "/" || names.count > 3)
    }

    @Test func everyPathIsThereOnce() { #expect(Set(ConsolePage.all.map(\.path)).count == ConsolePage.all.count) }
}
