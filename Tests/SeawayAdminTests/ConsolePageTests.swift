import SeawayAdmin
import Testing

@Suite("The page is part of the program") struct ConsolePageTests {
    @Test(arguments: ConsolePage.all) func noFileIsEmpty(page: ConsolePage) {
        #expect(!page.bytes.isEmpty && page.path.hasPrefix("/"))
    }

    @Test func everyPathIsThereOnce() { #expect(Set(ConsolePage.all.map(\.path)).count == ConsolePage.all.count) }
}
